/**
 * Measures for how long a decoder has had input but given no output. Time in which this thread
 * stood still does not count, because the thread handles the inputs of that time before the
 * outputs. Pure. Times are in ms.
 */
const LONG = 250; // if two inputs are further apart, only this time counts

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

  /** Ends the silence: the decoder has given output, or has no input. */
  end() {
    this.#silent = 0;
  }
}
