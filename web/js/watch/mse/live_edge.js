/**
 * Live-edge control: decides how far behind the live edge to play, and how to reach this distance.
 * Pure.
 *
 * - On a good network the distance is about 150 ms. Jitter and underflows increase the distance.
 *   Time without underflows reduces the distance.
 * - An inaudible change of the playback rate corrects small differences. A seek corrects large
 *   differences.
 * - After an underflow, Chromium's audio renderer waits for twice the usual data before it starts
 *   again, unless the element seeks. So every underflow ends with a seek, if only to the same
 *   position.
 * - WebKit stutters at every change of the playback rate, so WebKit gets only seeks, and few seeks: at
 *   once if the distance is far too large, and after a while if it stays too large.
 *
 * All times are in milliseconds.
 *
 * @typedef {object} Situation
 * @property {number} now
 * @property {number} position  playback position of the media element
 * @property {number} edge      live edge: the newest media time without jitter
 * @property {number} newest    end of the media that all tracks have
 * @property {number} jitter    95th percentile of arrival lateness
 * @property {boolean} silent   whether the audio is muted, so that the rate may be higher
 *
 * @typedef {object} Decision
 * @property {number} rate
 * @property {number | null} seek position to seek to, or null
 */

/** Duration of the media that Chromium's audio renderer needs before it starts, ms. */
export const START_LAG = 200;
const FLOOR = 150;
const CEILING = 1500;
const HEADROOM = 120; // delay for decoding, mixing and the interval between messages
const SETTLED = 10;
const DEAD_BAND = 30;
const OUTAGE = 1_000;
const HABIT = 15_000; // two underflows within this time count as repeated
const CATCH_UP = 4_000; // time after an underflow in which a higher rate is allowed
const GAIN = 0.0006; // change of the rate per ms of error
const SILENT_GAIN = 0.001;
const FAR = { fractional: 700, whole: 800 }; // error above which a seek follows at once, ms
const REST = { fractional: 2_000, whole: 5_000 }; // minimum time between two such seeks, ms
const LINGERS = 150; // error above which WebKit seeks if the error stays, ms
const LINGER = 2_000; // time for which the error stays, ms
const LONGEST_REST = 80_000; // ms; the rest doubles with each seek that did not help
const LANDED = 1_000; // time after such a seek at which it has helped or not, ms
const NEAR = 80; // distance behind the start position above which an underflow ends with a seek

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
  #landed = true;
  #rest = REST.whole;
  #lingersSince = NaN;
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
   * Notes that the media element ran out of media.
   * @param {number} now
   */
  starve(now) {
    if (!this.starving) this.#starvingSince = now;
  }

  /**
   * Notes that the media element plays again or is about to play again. Repeated short underflows
   * increase the target delay, because the delay was too short. A single underflow does not
   * increase the delay, nor does an outage that is longer than any buffer.
   * @param {number} now
   */
  recover(now) {
    if (!this.starving) return;
    const habit = this.#starvingSince - this.#starvedAt < HABIT;
    this.#starvedAt = this.#starvingSince;
    if (habit && now - this.#starvingSince < OUTAGE)
      this.#penalty = Math.min(800, this.#penalty + 80);
    this.#starvingSince = NaN;
  }

  /**
   * Notes that the media element plays again by itself after an underflow. Chromium has then waited
   * for twice the data that a start needs, so a seek may reduce the delay.
   * @param {number} now
   * @param {number} position
   * @param {number} newest
   * @returns {number | null} position to seek to, or null
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
    // The penalty falls by 10 ms per second.
    this.#penalty = Math.max(
      0,
      this.#penalty - (Number.isNaN(this.#then) ? 0 : (now - this.#then) / 100),
    );
    this.#then = now;
    this.#target = Math.min(CEILING, Math.max(FLOOR, jitter + HEADROOM) + this.#penalty);

    if (this.starving) return this.#rescue(now, position, newest);
    const error = edge - position - this.#target;
    const kind = this.#fractional ? 'fractional' : 'whole';
    if (error > FAR[kind] && now - this.#seekAt > REST[kind])
      return this.#seek(now, this.startPosition(newest));
    if (this.#fractional) return { rate: this.#steer(now, error, silent), seek: null };
    if (!this.#lingers(now, error)) return { rate: 1, seek: null };
    this.#landed = false;
    return this.#seek(now, this.startPosition(newest));
  }

  /**
   * Whether the error has stayed too large for so long that a seek is better. After seeks that did
   * not help, the next seek waits longer.
   * @param {number} now
   * @param {number} error ms
   */
  #lingers(now, error) {
    const since = now - this.#seekAt;
    if (since >= LANDED && !this.#landed) {
      this.#landed = true;
      this.#rest = error > LINGERS ? Math.min(LONGEST_REST, this.#rest * 2) : REST.whole;
    }
    if (error <= LINGERS) this.#lingersSince = NaN;
    else if (Number.isNaN(this.#lingersSince)) this.#lingersSince = now;
    return now - this.#lingersSince >= LINGER && since >= this.#rest;
  }

  /** Distance behind the newest media at which playback starts or restarts, ms. */
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
    this.#lingersSince = NaN;
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
      // Only increases of the rate are limited. When the target is reached, the rate returns to 1
      // at once.
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
