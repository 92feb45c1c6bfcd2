/**
 * Where a viewing happens: a canvas, and the port to what draws on it.
 *
 * @typedef {object} Backstage
 * @property {HTMLCanvasElement} canvas
 * @property {MessagePort} port  what comes waits until it has an `onmessage`
 * @property {Worker | null} worker  null where it happens in the page
 * @property {string} failed  why the worker does not work; '' while it does
 */

/** Whether a worker of this browser can draw. That it can decode, too, it has to say itself. */
let usable = 'Worker' in self && 'OffscreenCanvas' in self && 'transferControlToOffscreen' in HTMLCanvasElement.prototype;

/** They do not start here, whatever the browser says. */
export function giveUpWorkers() {
  usable = false;
}

/**
 * @param {string} script
 * @returns {Backstage | Promise<Backstage>}
 */
export function makeBackstage(script) {
  return startWorker(script) ?? startHere();
}

/**
 * @param {string} script
 * @param {string} [url] to connect to at once
 * @returns {Backstage | null}  null where there can be none
 */
export function startWorker(script, url = '') {
  const worker = usable ? open(script) : null;
  if (!worker) return null;
  const canvas = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  /** @type {Backstage} */
  const backstage = { canvas, port: port1, worker, failed: '' };
  worker.onerror = ({ message }) => {
    backstage.failed = message || 'the worker does not start';
  };
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ port: port2, canvas: offscreen, origin: performance.timeOrigin, url }, [port2, offscreen]);
  return backstage;
}

/**
 * In a sandboxed frame the page has no origin, and its own script is another's.
 * @param {string} script
 */
function open(script) {
  try {
    return new Worker(script, { type: 'module' });
  } catch {
    giveUpWorkers();
    return null;
  }
}

/**
 * The same in the page. Fetched then, since few browsers need it.
 * @returns {Promise<Backstage>}
 */
async function startHere() {
  const { Viewing } = await import('./viewing.js');
  const canvas = document.createElement('canvas');
  const { port1, port2 } = new MessageChannel();
  new Viewing({ port: port2, canvas, origin: performance.timeOrigin, url: '' });
  return { canvas, port: port1, worker: null, failed: '' };
}
