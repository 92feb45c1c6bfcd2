/**
 * Which media time is due on the screen now: a clock that follows another without a visible step. Pure; ms throughout.
 */
const JUMP = 250; // ms; further than this is not walked
const REACH = 400; // ms in which a difference is walked off
const HASTE = 0.12; // of rate, at most: pictures a tenth too fast for a moment are seen by nobody

export class Playhead {
  #media = NaN;
  #now = 0;
  #rate = 1;
  jumps = 0;

  /** NaN until it follows something.
   * @param {number} now
   */
  at(now) {
    return this.#media + (now - this.#now) * this.#rate;
  }

  /**
   * @param {number} now
   * @param {number} wanted media time that should be due now
   */
  follow(now, wanted) {
    const due = this.at(now);
    const error = wanted - due;
    const far = Math.abs(error) > JUMP;
    if (far) this.jumps++;
    this.#media = far || Number.isNaN(due) ? wanted : due;
    this.#now = now;
    this.#rate = far || Number.isNaN(due) ? 1 : 1 + Math.max(-HASTE, Math.min(HASTE, error / REACH));
  }

  /** Nothing that it knew holds any more. */
  reset() {
    this.#media = NaN;
    this.#rate = 1;
  }
}
