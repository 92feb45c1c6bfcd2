/** Measures the bitrate that a connection receives, once a second. */
const EVERY = 1_000; // ms

export class BitrateMeter {
  /** Bitrate over the last second, bit/s. */
  value = 0;
  #environment;
  #timer;

  /**
   * @param {() => number} bytes returns the number of bytes received so far
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(bytes, environment) {
    this.#environment = environment;
    let [before, then] = [bytes(), environment.now()];
    this.#timer = environment.setInterval(() => {
      const [count, now] = [bytes(), environment.now()];
      this.value = ((count - before) * 8_000) / (now - then);
      [before, then] = [count, now];
    }, EVERY);
  }

  close() {
    this.#environment.clearInterval(this.#timer);
  }
}
