/**
 * By how much one clock is ahead of another, from notices that take their time to come: the quickest of the last seconds tells best. Not the quickest
 * ever: a sound card that ran dry stands still for a moment, and does not catch up. Pure; ms throughout.
 */
const SPAN = 2_000; // ms; looked back on for once to twice as long

export class Offset {
  #before = Infinity;
  #least = Infinity;
  #since = -Infinity;

  /**
   * @param {number} here   this clock
   * @param {number} there  what the other one showed in a notice that has come now
   */
  add(here, there) {
    if (here - this.#since >= SPAN) {
      this.#before = here - this.#since < 2 * SPAN ? this.#least : Infinity;
      this.#least = Infinity;
      this.#since = here;
    }
    this.#least = Math.min(this.#least, here - there);
  }

  /** Infinity before the first notice. */
  get value() {
    return Math.min(this.#before, this.#least);
  }
}
