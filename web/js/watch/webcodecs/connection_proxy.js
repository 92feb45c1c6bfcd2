/** Lets the page control the connection that a player backend holds. */
export class ConnectionProxy {
  url = '';
  /** Number of bytes received, as stated in the last report of the backend. */
  bytes = 0;
  #port;
  #standby = false;

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
  }

  /** @param {boolean} lively */
  set lively(lively) {
    this.#port.postMessage(['lively', lively]);
  }

  /** @param {boolean} standby */
  set standby(standby) {
    if (standby === this.#standby) return;
    this.#standby = standby;
    this.#port.postMessage(['standby', standby]);
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

  /** @param {object} notice */
  send(notice) {
    this.#port.postMessage(['send', notice]);
  }

  restart() {
    this.#port.postMessage(['restart', this.url]);
  }
}
