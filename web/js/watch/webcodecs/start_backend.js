/**
 * Starts the backend of a WebCodecs player (player_backend.js), in a worker or in the page.
 *
 * @typedef {object} Backend
 * @property {HTMLCanvasElement | HTMLVideoElement} element  shows the frames
 * @property {MediaStream | null} stream  the frames of a video element, which has to join the stream
 *   when there is a frame; null for a canvas
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
  const { element, stream, surface } = openSurface();
  const { port1, port2 } = new MessageChannel();
  /** @type {Backend} */
  const backend = { element, stream, port: port1, worker, failed: '' };
  worker.onerror = ({ message }) => {
    backend.failed = message || 'the worker does not start';
  };
  worker.postMessage({ port: port2, surface, origin: performance.timeOrigin, url }, [
    port2,
    surface,
  ]);
  return backend;
}

/**
 * Returns an element for frames, and its end in a worker.
 *
 * The video element must not join its stream yet: the page's `load` event would wait for a frame.
 * @returns {{element: HTMLCanvasElement | HTMLVideoElement, stream: MediaStream | null, surface:
 *   OffscreenCanvas | WritableStream<VideoFrame>}}
 */
function openSurface() {
  const Generator = /** @type {any} */ (self).MediaStreamTrackGenerator;
  if (!Generator) {
    const element = document.createElement('canvas');
    return { element, stream: null, surface: element.transferControlToOffscreen() };
  }
  const track = new Generator({ kind: 'video' });
  const element = document.createElement('video');
  Object.assign(element, { muted: true, playsInline: true, disablePictureInPicture: true });
  return { element, stream: new MediaStream([track]), surface: track.writable };
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
  const element = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  new PlayerBackend({ port: port2, surface: element, origin: performance.timeOrigin, url: '' });
  return { element, stream: null, port: port1, worker: null, failed: '' };
}
