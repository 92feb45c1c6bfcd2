/**
 * Chooses the reserve that the frames of a video need: the delay for frames that are later than the
 * 95th percentile. While the network is steady, one screen refresh hides the lateness, so a frame
 * is shown when it is decoded. With a small reserve, some frames would be shown at once and others
 * at the next refresh, so the reserve is either 0 or 20 ms (RESERVE). Pure.
 */
const RESERVE = 20; // ms
const TREMBLING = 7; // ms of jitter above which the network counts as unsteady
const STEADY = 5; // ms of jitter below which the network counts as steady again

export class Reserve {
  #trembling = false;

  /**
   * Takes the jitter and returns the reserve, ms.
   * @param {number} jitter ms, 95th percentile
   */
  update(jitter) {
    this.#trembling = jitter > (this.#trembling ? STEADY : TREMBLING);
    return this.#trembling ? RESERVE : 0;
  }
}
