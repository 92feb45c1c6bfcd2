/**
 * The parts of the browser that modules use through an `Environment`: clocks, timers and network.
 * Tests pass an `Environment` of their own, with a fake clock.
 *
 * @typedef {object} Environment
 * @property {() => number} now   ms, monotonic
 * @property {() => number} date  ms since 1970
 * @property {(callback: () => void, ms: number) => number} setTimeout
 * @property {(timer: number) => void} clearTimeout
 * @property {(callback: () => void, ms: number) => number} setInterval
 * @property {(timer: number) => void} clearInterval
 * @property {(ms: number) => AbortSignal} timeoutSignal  aborts after `ms`
 * @property {typeof fetch} fetch
 * @property {typeof WebSocket} WebSocket
 * @property {typeof EventSource} EventSource
 * @property {typeof RTCPeerConnection} RTCPeerConnection  undefined in browsers without WebRTC
 */

/**
 * The `Environment` of the real browser. It looks up each global only when the global is used,
 * because workers lack some globals and tests replace some before a page loads.
 * @type {Readonly<Environment>}
 */
export const BROWSER = Object.freeze({
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (/** @type {() => void} */ callback, /** @type {number} */ ms) =>
    globalThis.setTimeout(callback, ms),
  clearTimeout: (/** @type {number} */ timer) => globalThis.clearTimeout(timer),
  setInterval: (/** @type {() => void} */ callback, /** @type {number} */ ms) =>
    globalThis.setInterval(callback, ms),
  clearInterval: (/** @type {number} */ timer) => globalThis.clearInterval(timer),
  timeoutSignal: (/** @type {number} */ ms) => AbortSignal.timeout(ms),
  fetch: (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit} */ init = {}) =>
    globalThis.fetch(input, init),
  get WebSocket() {
    return globalThis.WebSocket;
  },
  get EventSource() {
    return globalThis.EventSource;
  },
  get RTCPeerConnection() {
    return globalThis.RTCPeerConnection;
  },
});
