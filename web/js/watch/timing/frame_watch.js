/**
 * Which frame is on the screen, and since when. Uses frame callbacks, or the playhead in browsers
 * without them.
 */
export class FrameWatch {
  /** s of player time */
  mediaTime = NaN;
  /** ms, local time at which that frame is visible */
  shownAt = NaN;
  /** ms from navigation */
  firstPicture = NaN;
  #longest = 0;
  #video;
  #first;
  #handle = 0;
  #exact;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} first called once, with the first frame
   */
  constructor(video, first) {
    this.#video = video;
    this.#first = first;
    this.#exact = 'requestVideoFrameCallback' in video;
    this.#await();
  }

  get started() {
    return !Number.isNaN(this.firstPicture);
  }

  /** The longest time (ms) for which one frame was on the screen since the last call. */
  takeLongest() {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
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
    if (this.started) this.#longest = Math.max(this.#longest, shownAt - this.shownAt);
    this.mediaTime = mediaTime;
    this.shownAt = shownAt;
    if (this.started) return;
    this.firstPicture = now;
    this.#first();
  }
}
