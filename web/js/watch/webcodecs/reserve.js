/**
 * Chooses the reserve that the frames of a video need: the delay for frames that are later than the
 * 95th percentile. While the network is steady, one screen refresh hides the lateness, so a frame is
 * shown when it is decoded. Pure. Times are in ms.
 */
const SHORT = 20; // evens out the frames of a network whose latest frames are hardly later
const LONG = 36; // evens out later frames too
const TREMBLING = 10; // jitter above which the network counts as unsteady
const STEADY = 8; // jitter below which the network counts as steady again
const TAIL = 8; // from the 95th to the 99th percentile; a larger tail needs the long reserve
const KEPT = 20_000; // the long reserve is kept for this time, because each change is visible

export class Reserve {
  #trembling = false;
  #tailAt = -Infinity;

  /**
   * Returns the reserve.
   * @param {number} now
   * @param {number} jitter 95th percentile of the lateness
   * @param {number} tail   from the 95th to the 99th percentile
   */
  update(now, jitter, tail) {
    this.#trembling = jitter > (this.#trembling ? STEADY : TREMBLING);
    if (tail > TAIL) this.#tailAt = now;
    if (!this.#trembling) return 0;
    return now - this.#tailAt < KEPT ? LONG : SHORT;
  }
}
