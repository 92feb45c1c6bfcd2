/**
 * How long sound takes from the browser's mixer to the ear. Only an AudioContext tells; one that plays nothing is made for the purpose, and closed again.
 * Bluetooth takes 150 ms and more.
 */

const TYPICAL = 30; // ms, while it is not known
const MEASURING = 1_000; // ms until the device has started and the figure is of it

export class OutputLatency {
  ms = TYPICAL;
  /** @type {AudioContext | null} */
  #context = null;

  /** Once sound may be heard; without that a browser starts no AudioContext, and the figure stays what it was. */
  async measure() {
    if (this.#context) return;
    const context = made();
    if (!context) return;
    this.#context = context;
    context.resume().catch(() => {});
    await new Promise((resolve) => self.setTimeout(resolve, MEASURING));
    if (context.state === 'running' && context.outputLatency > 0) this.ms = context.outputLatency * 1_000;
    this.close();
  }

  close() {
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

/** @returns {AudioContext | null} null where a browser has none, or too many of them already */
function made() {
  try {
    return new AudioContext();
  } catch {
    return null;
  }
}
