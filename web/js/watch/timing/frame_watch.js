/**
 * Observes which frame is on the screen, and since when. Uses video frame callbacks. In browsers
 * without these callbacks, it uses the playback position of the video element.
 */
export class FrameWatch {
  /** Player time of the frame on the screen, s. */
  mediaTime = NaN;
  /** Local time at which the frame on the screen became visible, ms. */
  shownAt = NaN;
  /** Time from navigation to the first frame, ms. */
  firstPicture = NaN;
  #longest = 0;
  #resting = false;
  #video;
  #first;
  #moved;
  #handle = 0;
  #exact;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} first called once, with the first frame
   * @param {() => void} [moved] called with the first frame after `rest`
   */
  constructor(video, first, moved = () => {}) {
    this.#video = video;
    this.#first = first;
    this.#moved = moved;
    this.#exact = 'requestVideoFrameCallback' in video;
    this.#await();
  }

  get started() {
    return !Number.isNaN(this.firstPicture);
  }

  /** Returns the longest time for which one frame was on the screen since the last call, ms. */
  takeLongest() {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  /** Ignores the time until the next frame, because no frame is expected meanwhile. */
  rest() {
    this.#longest = 0;
    this.#resting = true;
  }

  close() {
    if (this.#exact) this.#video.cancelVideoFrameCallback(this.#handle);
    else self.cancelAnimationFrame(this.#handle);
    this.#handle = NaN;
  }

  #await() {
    if (this.#exact) {
      this.#handle = this.#video.requestVideoFrameCallback(
        (now, { mediaTime, expectedDisplayTime }) => {
          this.#shown(mediaTime, Math.max(now, expectedDisplayTime), now);
          this.#await();
        },
      );
    } else {
      this.#handle = self.requestAnimationFrame((now) => {
        const { currentTime, readyState } = this.#video;
        if (readyState >= 2 && currentTime !== this.mediaTime) this.#shown(currentTime, now, now);
        this.#await();
      });
    }
  }

  /**
   * @param {number} mediaTime
   * @param {number} shownAt
   * @param {number} now
   */
  #shown(mediaTime, shownAt, now) {
    if (this.started && !this.#resting)
      this.#longest = Math.max(this.#longest, shownAt - this.shownAt);
    const rested = this.#resting;
    this.#resting = false;
    this.mediaTime = mediaTime;
    this.shownAt = shownAt;
    if (!this.started) {
      this.firstPicture = now;
      this.#first();
    }
    if (rested) this.#moved();
  }
}
