/**
 * What people wrote and tapped around the visible moment of a replay. Loads parts of the timeline
 * when they are needed, and keeps the parts that were used last.
 *
 * @typedef {import('../api/timeline_api.js').Timeline} Timeline
 * @typedef {import('../api/timeline_api.js').SaidThen} SaidThen
 */
export const PART = 60_000_000; // length of a part, µs
const KEPT = 8; // maximum number of parts in memory
const SHOWN = 40; // maximum number of messages at a time
const AGE = 60_000_000; // µs; older messages are not shown
const SECOND = 1_000_000; // µs
const RETRY = 10_000; // ms until a failed request may be repeated

export class ReplayTimeline {
  #load;
  #now;
  /** The part that was used last is at the end. @type {Map<number, Timeline | null>} */
  #parts = new Map();
  /** When a part may be requested again, ms. @type {Map<number, number>} */
  #failed = new Map();

  /**
   * @param {(from: number, to: number) => Promise<Timeline>} load
   * @param {() => number} now  ms
   */
  constructor(load, now) {
    this.#load = load;
    this.#now = now;
  }

  /**
   * Loads the parts around a media time that are missing.
   * @param {number} time  µs
   * @returns {Promise<boolean>} whether a part was loaded
   */
  async prepare(time) {
    const part = Math.floor(time / PART);
    const late = time % PART > PART / 2;
    const wanted = [part, ...(part ? [part - 1] : []), ...(late ? [part + 1] : [])];
    const missing = wanted.filter((each) => !this.#parts.has(each) && this.#isDue(each));
    for (const each of wanted.toReversed()) this.#touch(each);
    const loaded = await Promise.all(missing.map((each) => this.#fetch(each)));
    return loaded.some(Boolean);
  }

  /**
   * Returns the messages to show at a media time, the oldest first.
   * @param {number} time  µs
   * @returns {SaidThen[]}
   */
  messagesAt(time) {
    const part = Math.floor(time / PART);
    return [part - 1, part]
      .flatMap((each) => this.#parts.get(each)?.messages ?? [])
      .filter(({ media_time }) => media_time <= time && media_time > time - AGE)
      .slice(-SHOWN);
  }

  /**
   * Returns the taps of the seconds that begin after `after` and not after `time`.
   * @param {number} after  µs
   * @param {number} time   µs
   * @returns {[string, number][]} emoji and number of taps
   */
  tapsBetween(after, time) {
    const part = Math.floor(time / PART);
    return [part - 1, part]
      .flatMap((each) => this.#parts.get(each)?.hearts ?? [])
      .filter(({ second }) => second * SECOND > after && second * SECOND <= time)
      .flatMap(({ emoji }) => Object.entries(emoji));
  }

  /** @param {number} part */
  #isDue(part) {
    return this.#now() >= (this.#failed.get(part) ?? -Infinity);
  }

  /** Marks a part as used. @param {number} part */
  #touch(part) {
    const known = this.#parts.get(part);
    if (known === undefined) return;
    this.#parts.delete(part);
    this.#parts.set(part, known);
  }

  /** @param {number} part */
  async #fetch(part) {
    this.#parts.set(part, null); // no second request meanwhile
    try {
      this.#parts.set(part, await this.#load(part * PART, (part + 1) * PART));
      this.#failed.delete(part);
      for (const oldest of [...this.#parts.keys()].slice(0, -KEPT)) this.#parts.delete(oldest);
      return true;
    } catch {
      this.#parts.delete(part);
      this.#failed.set(part, this.#now() + RETRY);
      return false;
    }
  }
}
