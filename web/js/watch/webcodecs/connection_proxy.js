/** The page's view of a connection that a player backend holds. */
export class ConnectionProxy {
  url = '';
  /** The value in the last statistics. */
  bytes = 0;
  #port;

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
  }

  /** @param {boolean} lively */
  set lively(lively) {
    this.#port.postMessage(['lively', lively]);
  }

  open() {
    this.#port.postMessage(['open', this.url]);
  }

  close() {
    this.#port.postMessage(['pause']);
  }

  retryNow() {
    this.#port.postMessage(['retryNow']);
  }

  restart() {
    this.#port.postMessage(['restart', this.url]);
  }
}
