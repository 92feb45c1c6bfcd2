/**
 * What the lens saw when: the last frames received, so that the frame on the screen can be dated.
 */
export class FrameLog {
  #size;
  #media;
  #capture;
  #count = 0;

  /** @param {number} [size] frames remembered */
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
   * Capture time of the frame shown at `media` (µs); NaN when it is no longer, or not yet, remembered.
   * @param {number} media
   */
  captureOf(media) {
    const oldest = Math.max(0, this.#count - this.#size);
    for (let n = this.#count - 1; n >= oldest; n--) {
      const at = n % this.#size;
      // 1 ms of tolerance: the media time passed through 90 kHz ticks and a float of seconds on its way to the screen.
      const mediaTime = this.#media[at] ?? 0;
      if (mediaTime <= media + 1000) return media - mediaTime < 500_000 ? (this.#capture[at] ?? NaN) : NaN;
    }
    return NaN;
  }
}
