/**
 * A clock for the media time that is due on the screen. This clock follows a given media time
 * without visible steps. Pure. Times are in ms.
 */
const JUMP = 250; // ms; a larger difference is corrected by a jump
const REACH = 400; // time in which a change of the rate corrects a difference, ms
const MAX_CORRECTION = 0.12; // maximum change of the rate; viewers do not notice a change of 0.1

export class Playhead {
  #media = NaN;
  #now = 0;
  #rate = 1;
  jumps = 0;

  /**
   * Returns the media time that is due at `now`, ms; NaN before the first `follow`.
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
    this.#rate =
      far || Number.isNaN(due)
        ? 1
        : 1 + Math.max(-MAX_CORRECTION, Math.min(MAX_CORRECTION, error / REACH));
  }

  /** Forgets the media time that the playhead has followed. */
  reset() {
    this.#media = NaN;
    this.#rate = 1;
  }
}
