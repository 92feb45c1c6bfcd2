/**
 * Computes the wait before each attempt to connect. The first wait is 0. Later waits grow and are
 * random, so that a thousand viewers do not reconnect at the same instant. During the first minute,
 * a wait is at most one second, so that a viewer reconnects soon after the network returns. After
 * that minute, a wait is at most eight seconds, to spare the server.
 */
export class Backoff {
  #attempts = 0;
  #since = 0;
  #random;

  /** @param {() => number} [random] */
  constructor(random = Math.random) {
    this.#random = random;
  }

  get attempts() {
    return this.#attempts;
  }

  reset() {
    this.#attempts = 0;
  }

  /**
   * Returns the wait before the next attempt, ms.
   * @param {number} now ms
   */
  next(now) {
    const attempt = this.#attempts++;
    if (attempt === 0) {
      this.#since = now;
      return 0;
    }
    const ceiling = now - this.#since < 60_000 ? 1_000 : 8_000;
    const span = Math.min(ceiling, 150 * 2 ** Math.min(attempt - 1, 8));
    return span / 2 + (this.#random() * span) / 2;
  }
}
