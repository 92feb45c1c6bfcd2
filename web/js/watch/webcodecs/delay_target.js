/**
 * Computes how far behind its own live edge a track should play. The delay is the 95th percentile
 * of the records' lateness, plus a reserve, plus a penalty after underflows. The delay rises at
 * once and falls slowly, because jitter tends to return. Pure.
 */
const START = 20; // delay that is used until the jitter is known, ms
const CEILING = 1_000; // ms
const FALL = 30; // ms per second
const PENALTY_FALL = 8; // ms per second
const OUTAGE = 250; // ms; too long for any buffer to cover
const PENALTY = 400; // ms at most

export class DelayTarget {
  #value = START;
  #penalty = 0;
  #then = NaN;

  /** The target delay, ms. */
  get value() {
    return this.#value;
  }

  /**
   * Increases the delay after the track ran dry for `spell` ms. An outage that is too long for any
   * buffer does not increase the delay.
   * @param {number} spell
   */
  ranDry(spell) {
    if (spell < OUTAGE) this.#penalty = Math.min(PENALTY, this.#penalty + Math.max(5, spell));
  }

  /**
   * @param {number} now
   * @param {number} jitter ms, 95th percentile
   * @param {number} spare  reserve, ms
   */
  update(now, jitter, spare) {
    const passed = Number.isNaN(this.#then) ? 0 : Math.min(1, (now - this.#then) / 1_000);
    this.#then = now;
    this.#penalty = Math.max(0, this.#penalty - passed * PENALTY_FALL);
    const wish = Math.min(CEILING, jitter + spare + this.#penalty);
    this.#value = Math.max(wish, this.#value - passed * FALL);
    return this.#value;
  }
}
