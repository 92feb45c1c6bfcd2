/**
 * How far behind its own edge a track is played: the 95th percentile of how late its records come, and one frame for the five of a hundred that come
 * later. It rises at once and sinks slowly: a path that trembled a moment ago will again. Pure.
 */
const FLOOR = 20; // ms
const CEILING = 1_000; // ms
const SINKS = 30; // ms each second
const FORGIVES = 8; // ms of penalty each second
const OUTAGE = 250; // ms; no buffer would have been large enough for that
const PENALTY = 400; // ms at most

export class DelayTarget {
  #value = FLOOR;
  #penalty = 0;
  #then = NaN;

  /** ms */
  get value() {
    return this.#value;
  }

  /**
   * The track ran dry for so long (ms): it should have been that much further back.
   * @param {number} spell
   */
  ranDry(spell) {
    if (spell < OUTAGE) this.#penalty = Math.min(PENALTY, this.#penalty + Math.max(5, spell));
  }

  /**
   * @param {number} now
   * @param {number} jitter ms, 95th percentile
   * @param {number} frame  ms of one frame
   */
  update(now, jitter, frame) {
    const passed = Number.isNaN(this.#then) ? 0 : Math.min(1, (now - this.#then) / 1_000);
    this.#then = now;
    this.#penalty = Math.max(0, this.#penalty - passed * FORGIVES);
    const wish = Math.min(CEILING, Math.max(FLOOR, jitter + frame + this.#penalty));
    this.#value = Math.max(wish, this.#value - passed * SINKS);
    return this.#value;
  }
}
