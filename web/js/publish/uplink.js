/**
 * Chooses the encoding level for the uplink's capacity. The resolution stays full as long as
 * possible, because each change of size means a new init segment for all viewers. Below 600 kbit/s,
 * full resolution would have too low a frame rate, so the level steps down. The level steps up
 * again when the capacity suffices. Pure.
 *
 * @typedef {object} Level
 * @property {number} scale       scaleResolutionDownBy
 * @property {number} maxBitrate  bit/s
 * @property {'maintain-resolution' | 'balanced' | 'maintain-framerate'} preference
 * @property {number} below       capacity below which the next lower level is better, bit/s
 */

/** @type {readonly Level[]} */
export const LEVELS = Object.freeze([
  { scale: 1, maxBitrate: 2_500_000, preference: 'maintain-resolution', below: 600_000 },
  { scale: 2, maxBitrate: 900_000, preference: 'balanced', below: 250_000 },
  { scale: 3, maxBitrate: 450_000, preference: 'maintain-framerate', below: 0 },
]);

const DOWN_AFTER = 4; // s of too low estimates before a step down
const UP_AFTER = 10; // s of sufficient estimates before a step up
const UP_AFTER_MAX = 80;
// Minimum ratio of the estimate to the value `below` of the next higher level for a step up.
const HEADROOM = 1.5;
// Time after a step up, s. A step down within this time doubles the wait for the next step up.
const SHORT_STAY = 30;

export class Uplink {
  #level = 0;
  #low = 0;
  #high = 0;
  #upAfter = UP_AFTER;
  #sinceUp = Infinity;

  /** @returns {Level} */
  get level() {
    return /** @type {Level} */ (LEVELS[this.#level]);
  }

  /**
   * Takes one estimate, and changes the level if necessary. Call this once a second.
   * @param {number} estimate bit/s, the estimated capacity of the path
   * @returns {boolean} whether the level changed
   */
  measure(estimate) {
    this.#sinceUp++;
    this.#low = estimate < this.level.below ? this.#low + 1 : 0;
    const above = LEVELS[this.#level - 1];
    this.#high =
      above && estimate > Math.min(above.below * HEADROOM, this.level.maxBitrate * 0.9)
        ? this.#high + 1
        : 0;
    if (this.#low >= DOWN_AFTER && this.#level < LEVELS.length - 1) return this.#step(1);
    if (this.#high >= this.#upAfter && above) return this.#step(-1);
    return false;
  }

  /** @param {1 | -1} by */
  #step(by) {
    if (by > 0)
      this.#upAfter =
        this.#sinceUp < SHORT_STAY ? Math.min(UP_AFTER_MAX, this.#upAfter * 2) : UP_AFTER;
    else this.#sinceUp = 0;
    this.#level += by;
    this.#low = this.#high = 0;
    return true;
  }
}
