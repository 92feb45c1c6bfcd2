/**
 * Starts the backend of a WebCodecs player (player_backend.js), in a worker or in the page.
 *
 * @typedef {object} Backend
 * @property {HTMLCanvasElement} canvas
 * @property {MessagePort} port  messages wait until the port has an `onmessage`
 * @property {Worker | null} worker  the worker of the backend; null if the backend runs in the page
 * @property {string} failed  reason why the worker does not run; '' while the worker runs
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
 * @param {string} [url] URL to which the backend connects at once; '' for none
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
 * Starts a worker. Returns null in a sandboxed frame, because the frame has no origin and a
 * worker's script must have the same origin.
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
 * Starts the backend in the page. Loads the backend's module on demand, because few
 * browsers need the module.
 * @returns {Promise<Backend>}
 */
export async function startInPage() {
  const { PlayerBackend } = await import('./player_backend.js');
  const canvas = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  new PlayerBackend({ port: port2, canvas, origin: performance.timeOrigin, url: '' });
  return { canvas, port: port1, worker: null, failed: '' };
}
