/**
 * Live-edge control: how far behind the edge to play, and what to do about being elsewhere. Pure: numbers in, a decision out.
 *
 * - A clean path plays about 150 ms behind; arrival jitter and past underflows move that back, quiet seconds bring it home.
 * - Small differences are walked off by a playback rate nobody hears; large ones by one seek.
 * - After an underflow Chromium's audio renderer asks for twice the data before it starts again, and never forgets, unless
 *   the element is seeked. So the answer to an underflow is always one seek, also when it leads nowhere new.
 * - WebKit stutters at every change of rate: there only seeks, and few.
 *
 * All times in milliseconds.
 *
 * @typedef {object} Situation
 * @property {number} now
 * @property {number} position  where the element plays
 * @property {number} edge      the smooth live edge: where the newest media would be without jitter
 * @property {number} newest    the newest media that all tracks have
 * @property {number} jitter    95th percentile of arrival lateness
 * @property {boolean} silent   nobody hears it: then it may run faster
 *
 * @typedef {object} Decision
 * @property {number} rate
 * @property {number | null} seek where to, or null
 */

/** Chromium's audio renderer starts only with this much in hand. */
export const START_LAG = 200;
const FLOOR = 150;
const CEILING = 1500;
const HEADROOM = 120; // what decoding, mixing and the grain of the messages take
const SETTLED = 10;
const DEAD_BAND = 30;
const OUTAGE = 1_000;
const HABIT = 15_000; // two dry spells within this are no accident
const CATCH_UP = 4_000; // after a dry spell: whoever just heard nothing minds a tenth more speed less than a longer delay
const GAIN = 0.0006; // of rate for each ms of error
const SILENT_GAIN = 0.001;
const NEAR = 80; // further behind the start than this is not walked after a dry spell

export class LiveEdge {
  #fractional;
  #penalty = 0;
  #starvingSince = NaN;
  #starvedAt = -Infinity;
  #rescuedAt = -Infinity;
  #steering = false;
  #rate = 1;
  #rateAt = -Infinity;
  #seekAt = -Infinity;
  #then = NaN;
  #target = FLOOR;

  /** @param {{fractionalRates: boolean}} options */
  constructor({ fractionalRates }) {
    this.#fractional = fractionalRates;
  }

  get target() {
    return this.#target;
  }

  get starving() {
    return !Number.isNaN(this.#starvingSince);
  }

  /**
   * The element ran dry.
   * @param {number} now
   */
  starve(now) {
    if (!this.starving) this.#starvingSince = now;
  }

  /**
   * It plays again, or is about to. Short spells that come again say that the target was too near; a single one was an accident, and a long one an
   * outage, for which no buffer would have been large enough: neither is worth a longer delay afterwards.
   * @param {number} now
   */
  recover(now) {
    if (!this.starving) return;
    const habit = this.#starvingSince - this.#starvedAt < HABIT;
    this.#starvedAt = this.#starvingSince;
    if (habit && now - this.#starvingSince < OUTAGE) this.#penalty = Math.min(800, this.#penalty + 80);
    this.#starvingSince = NaN;
  }

  /**
   * It plays again by itself, which Chromium does only once it has twice what a start takes: the edge is further off than a seek would leave it.
   * @param {number} now
   * @param {number} position
   * @param {number} newest
   * @returns {number | null} where to seek to
   */
  resume(now, position, newest) {
    if (!this.starving) return null;
    this.recover(now);
    this.#rescuedAt = now;
    if (newest - position <= this.#startLag + NEAR) return null;
    return this.#seek(now, newest - this.#startLag).seek;
  }

  /**
   * @param {Situation} situation
   * @returns {Decision}
   */
  decide({ now, position, edge, newest, jitter, silent }) {
    // 10 ms of penalty are forgiven each second.
    this.#penalty = Math.max(0, this.#penalty - (Number.isNaN(this.#then) ? 0 : (now - this.#then) / 100));
    this.#then = now;
    this.#target = Math.min(CEILING, Math.max(FLOOR, jitter + HEADROOM) + this.#penalty);

    if (this.starving) return this.#rescue(now, position, newest);
    const error = edge - position - this.#target;
    const limit = this.#fractional ? 700 : 800;
    const rest = this.#fractional ? 2000 : 5000;
    if (error > limit && now - this.#seekAt > rest) return this.#seek(now, newest - this.#startLag);
    return { rate: this.#fractional ? this.#steer(now, error, silent) : 1, seek: null };
  }

  /** Where to start, or start again, given what is there. */
  get #startLag() {
    return Math.max(START_LAG, this.#target);
  }

  /**
   * @param {number} newest
   * @returns {number}
   */
  startPosition(newest) {
    return newest - this.#startLag;
  }

  /**
   * @param {number} now
   * @param {number} position
   * @param {number} newest
   * @returns {Decision}
   */
  #rescue(now, position, newest) {
    this.#setRate(now, 1);
    if (newest - position < this.#startLag) return { rate: 1, seek: null };
    this.#rescuedAt = now;
    return this.#seek(now, newest - this.#startLag);
  }

  /**
   * @param {number} now
   * @param {number} to
   * @returns {Decision}
   */
  #seek(now, to) {
    this.#seekAt = now;
    this.recover(now);
    this.#steering = false;
    this.#setRate(now, 1);
    return { rate: 1, seek: to };
  }

  /**
   * @param {number} now
   * @param {number} error ms; positive is too far behind
   * @param {boolean} silent
   */
  #steer(now, error, silent) {
    const size = Math.abs(error);
    const brisk = silent || now - this.#rescuedAt < CATCH_UP;
    if (size > DEAD_BAND) this.#steering = true;
    else if (size < SETTLED) this.#steering = false;
    if (now - this.#rateAt < (brisk ? 200 : 500)) {
      // Reaching the target ends the correction at once; only changes of speed are rationed.
      if (!this.#steering && this.#rate !== 1) this.#setRate(now, 1);
      return this.#rate;
    }
    const wish = this.#steering ? 1 + error * (brisk ? SILENT_GAIN : GAIN) : 1;
    const most = silent ? 1.25 : brisk ? 1.12 : 1.06;
    this.#setRate(now, Math.round(Math.min(most, Math.max(0.96, wish)) * 100) / 100);
    return this.#rate;
  }

  /**
   * @param {number} now
   * @param {number} rate
   */
  #setRate(now, rate) {
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#rateAt = now;
  }
}
