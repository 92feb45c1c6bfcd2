/**
 * Measures how far one clock is ahead of another clock, from messages with varying delays. The
 * fastest message of the last seconds counts. Older messages do not count, because the clock of a
 * sound card stops for a moment whenever the card runs out of audio. Pure. Times are in ms.
 */
const SPAN = 2_000; // ms; the result is the minimum over the last one to two spans

export class Offset {
  #before = Infinity;
  #least = Infinity;
  #since = -Infinity;

  /**
   * @param {number} here   this clock
   * @param {number} there  the other clock, in a message that arrives now
   */
  add(here, there) {
    if (here - this.#since >= SPAN) {
      this.#before = here - this.#since < 2 * SPAN ? this.#least : Infinity;
      this.#least = Infinity;
      this.#since = here;
    }
    this.#least = Math.min(this.#least, here - there);
  }

  /**
   * Time by which this clock is ahead of the other clock, ms; Infinity before the first message.
   */
  get value() {
    return Math.min(this.#before, this.#least);
  }
}
