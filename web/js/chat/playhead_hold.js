/**
 * Holds each message until the reader's picture has reached the moment at which the message was
 * written. A message thus never reveals what a delayed reader has not seen yet. Keeps the order of
 * the messages.
 */
const LONGEST = 1_500; // maximum time for which a message is held, ms
const NEXT = 50; // ms; minimum time until the next check

/**
 * @template T
 */
export class PlayheadHold {
  #mediaTime;
  #release;
  #environment;
  /** @type {{item: T, written: number, until: number}[]} */
  #held = [];
  #timer = 0;

  /**
   * @param {() => number} mediaTime  media time of the picture on the screen, µs; NaN while unknown
   * @param {(items: T[]) => void} release
   * @param {Pick<import('../page/environment.js').Environment, 'now' | 'setTimeout' |
   *   'clearTimeout'>} environment
   */
  constructor(mediaTime, release, environment) {
    this.#mediaTime = mediaTime;
    this.#release = release;
    this.#environment = environment;
  }

  /**
   * @param {T} item
   * @param {number | null | undefined} written  media time of the writer's picture, µs
   */
  add(item, written) {
    const until = this.#environment.now() + LONGEST;
    this.#held.push({ item, written: written ?? NaN, until });
    this.#look();
  }

  /**
   * Forgets the held items for which `gone` returns true. @param {(item: T) => boolean} gone
   */
  drop(gone) {
    this.#held = this.#held.filter(({ item }) => !gone(item));
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
    this.#held = [];
  }

  #look() {
    this.#environment.clearTimeout(this.#timer);
    const [now, seen] = [this.#environment.now(), this.#mediaTime()];
    const due = this.#held.findIndex(({ written, until }) => written > seen && now < until);
    const items = this.#held.splice(0, due < 0 ? this.#held.length : due);
    if (items.length) this.#release(items.map(({ item }) => item));
    const [first] = this.#held;
    if (!first) return;
    const wait = Math.min(first.until - now, (first.written - seen) / 1_000);
    this.#timer = this.#environment.setTimeout(() => this.#look(), Math.max(NEXT, wait));
  }
}
