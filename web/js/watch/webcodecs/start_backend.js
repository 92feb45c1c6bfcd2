/**
 * Starts the backend of a WebCodecs player (player_backend.js), in a worker or in the page.
 *
 * @typedef {object} Backend
 * @property {HTMLCanvasElement} canvas
 * @property {MessagePort} port  messages wait until it has an `onmessage`
 * @property {Worker | null} worker  null if it runs in the page
 * @property {string} failed  why the worker does not run; '' while it does
 */

/** Whether a worker of this browser can draw. The worker itself checks whether it can decode. */
export function workersDraw() {
  return (
    'Worker' in self &&
    'OffscreenCanvas' in self &&
    'transferControlToOffscreen' in HTMLCanvasElement.prototype
  );
}

/**
 * @param {string} script URL of the worker
 * @param {string} [url] the backend connects to it at once
 * @returns {Backend | null}  null if workers are not allowed
 */
export function startWorker(script, url = '') {
  const worker = openWorker(script);
  if (!worker) return null;
  const canvas = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  /** @type {Backend} */
  const backend = { canvas, port: port1, worker, failed: '' };
  worker.onerror = ({ message }) => {
    backend.failed = message || 'the worker does not start';
  };
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ port: port2, canvas: offscreen, origin: performance.timeOrigin, url }, [
    port2,
    offscreen,
  ]);
  return backend;
}

/**
 * Starts a worker. Returns null in a sandboxed frame: it has no origin, so no script is
 * same-origin.
 * @param {string} script
 */
function openWorker(script) {
  try {
    return new Worker(script, { type: 'module' });
  } catch {
    return null;
  }
}

/**
 * Starts the backend in the page. Loads its module on demand, because few browsers need this.
 * @returns {Promise<Backend>}
 */
export async function startInPage() {
  const { PlayerBackend } = await import('./player_backend.js');
  const canvas = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  new PlayerBackend({ port: port2, canvas, origin: performance.timeOrigin, url: '' });
  return { canvas, port: port1, worker: null, failed: '' };
}
