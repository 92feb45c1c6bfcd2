/** A connection (../connection.js) that a viewing holds, as the page sees it. */
export class DistantConnection {
  url = '';
  /** Told with the statistics. */
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

  hurry() {
    this.#port.postMessage(['hurry']);
  }

  restart() {
    this.#port.postMessage(['restart', this.url]);
  }
}
