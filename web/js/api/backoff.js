/**
 * How long to wait before the next attempt: nothing at first, then growing with jitter so that a thousand viewers do not
 * come back in the same instant. During the first minute never more than a second: a returning network is to be noticed
 * at once. After that nobody is watching closely any more, and the server deserves rest.
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
   * Milliseconds to wait before the attempt that comes now.
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
