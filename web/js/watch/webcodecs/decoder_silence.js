/**
 * Measures for how long a decoder has given nothing although it has input. Time in which this thread
 * stood still does not count, because all that arrived in that time comes before what the decoder
 * gave. Pure. Times are in ms.
 */
const LONG = 250; // between two inputs; the rest of a longer time does not count

export class DecoderSilence {
  #silent = 0;
  #inputAt = NaN;

  /**
   * Takes an input. Returns the length of the silence.
   * @param {number} now
   */
  input(now) {
    this.#silent += Math.min(now - this.#inputAt, LONG) || 0;
    this.#inputAt = now;
    return this.#silent;
  }

  /** Ends the silence: the decoder has given something, or has no input. */
  end() {
    this.#silent = 0;
  }
}
