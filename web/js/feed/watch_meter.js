/**
 * Measures for how long the viewer saw an item. Time in which the page is hidden does not count.
 * Pure.
 *
 * @typedef {object} Watched
 * @property {'live' | 'clip' | 'replay'} kind
 * @property {string} id
 * @property {number} seconds
 * @property {boolean} skipped  whether the viewer went on at once
 */
const SKIPPED = 3; // s
const LONGEST = 6 * 3_600; // s

export class WatchMeter {
  /** @type {Pick<Watched, 'kind' | 'id'> | null} */
  #item = null;
  #seen = 0; // ms
  #since = NaN;

  /** @param {Pick<Watched, 'kind' | 'id'> | undefined} item @param {number} now  ms */
  begin(item, now) {
    this.#item = item ? { kind: item.kind, id: item.id } : null;
    this.#seen = 0;
    this.#since = now;
  }

  /** The page is hidden. @param {number} now  ms */
  pause(now) {
    this.#seen += this.#running(now);
    this.#since = NaN;
  }

  /** The page is visible again. @param {number} now  ms */
  resume(now) {
    if (Number.isNaN(this.#since)) this.#since = now;
  }

  /**
   * Ends the measurement.
   * @param {number} now  ms
   * @returns {Watched | null} null if there was no item
   */
  end(now) {
    const item = this.#item;
    const seconds = Math.min(LONGEST, (this.#seen + this.#running(now)) / 1_000);
    this.#item = null;
    if (!item) return null;
    return { ...item, seconds: Math.round(seconds * 10) / 10, skipped: seconds < SKIPPED };
  }

  /** @param {number} now  ms */
  #running(now) {
    return Number.isNaN(this.#since) ? 0 : Math.max(0, now - this.#since);
  }
}
