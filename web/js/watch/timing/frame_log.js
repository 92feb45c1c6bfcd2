/**
 * Remembers the capture times of the last frames received, to find the capture time of the frame on
 * the screen.
 */
export class FrameLog {
  #size;
  #media;
  #capture;
  #count = 0;

  /** @param {number} [size] number of frames that the log remembers */
  constructor(size = 256) {
    this.#size = size;
    this.#media = new Float64Array(size);
    this.#capture = new Float64Array(size);
  }

  /**
   * @param {number} media   µs
   * @param {number} capture µs, server's clock
   */
  add(media, capture) {
    const at = this.#count++ % this.#size;
    this.#media[at] = media;
    this.#capture[at] = capture;
  }

  /**
   * Returns the capture time (µs) of the frame that is shown at the media time `media` (µs); NaN if
   * the frame is not in the log.
   * @param {number} media
   */
  captureOf(media) {
    const oldest = Math.max(0, this.#count - this.#size);
    for (let n = this.#count - 1; n >= oldest; n--) {
      const at = n % this.#size;
      // Tolerate a difference of 1 ms: the media time was rounded to 90 kHz ticks and to a float of
      // seconds.
      const mediaTime = this.#media[at] ?? 0;
      if (mediaTime <= media + 1000)
        return media - mediaTime < 500_000 ? (this.#capture[at] ?? NaN) : NaN;
    }
    return NaN;
  }
}
