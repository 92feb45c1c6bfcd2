/**
 * Measures the latency of the audio output. Only an AudioContext reports this latency, so a silent
 * AudioContext is opened and then closed. With Bluetooth the latency is 150 ms or more.
 */

const TYPICAL = 30; // latency to assume while the real latency is unknown, ms
const MEASURING = 1_000; // ms until the device has started and the figure is valid

export class OutputLatency {
  #environment;
  #timer = 0;
  ms = TYPICAL;
  /** @type {AudioContext | null} */
  #context = null;

  /**
   * @param {Pick<import('../../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   * environment
   */
  constructor(environment) {
    this.#environment = environment;
  }

  /**
   * Measures the latency. Call this only when audio is allowed: before that, browsers start no
   * AudioContext, and `ms` does not change.
   */
  async measure() {
    if (this.#context) return;
    const context = made();
    if (!context) return;
    this.#context = context;
    context.resume().catch(() => {});
    await new Promise((resolve) => {
      this.#timer = this.#environment.setTimeout(() => resolve(undefined), MEASURING);
    });
    if (context.state === 'running' && context.outputLatency > 0)
      this.ms = context.outputLatency * 1_000;
    this.close();
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

/**
 * @returns {AudioContext | null} null if the browser has no AudioContext, or allows no further
 *   AudioContext
 */
function made() {
  try {
    return new AudioContext();
  } catch {
    return null;
  }
}
