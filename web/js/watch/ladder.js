/**
 * Chooses the playback path. Starts with the best path for this browser, changes to a worse path
 * after failures, and later tries a better path again. Pure.
 *
 * @typedef {import('./playback_paths.js').PlaybackPath} PlaybackPath
 * @typedef {import('./playback_paths.js').Transport} Transport
 */
import { PLAYBACK_PATHS, choosePath } from './playback_paths.js';

const SPAN = 30_000; // ms for which an error or a stall counts
const ERRORS = 2;
const STALLS = 4;
const TRIAL = 10_000; // ms for which fewer errors and stalls are allowed after a return to a path
const TRIAL_STALLS = 2;
const REST = 60_000; // ms before a failed path is tried again; doubles with each failure
const LONGEST_REST = 600_000;

export class Ladder {
  name;
  /** The reason why the path in use was chosen, as text. */
  why;
  /** The name in `?player=` if no path has that name; otherwise ''. */
  unknown = '';
  #forced = false;
  #trialUntil = -Infinity;
  /** @type {readonly PlaybackPath[]} */
  #supported;
  /** @type {Map<string, {until: number, rest: number}>} */
  #resting = new Map();
  /** @type {number[]} */
  #errors = [];
  /** @type {number[]} */
  #stalls = [];

  /**
   * @param {any} scope  the browser's globals
   * @param {string | null} wanted  the path that `?player=` asks for
   */
  constructor(scope, wanted) {
    this.#supported = PLAYBACK_PATHS.filter(({ supported }) => supported(scope));
    const { name, why, forced, unknown } = choosePath(scope, wanted);
    this.name = name;
    this.why = why;
    this.unknown = unknown;
    this.#forced = forced;
  }

  /** The transport of the path in use. */
  get transport() {
    return PLAYBACK_PATHS.find(({ name }) => name === this.name)?.transport;
  }

  /**
   * Whether the browser supports the path in use. A path requested by `?player=` may be
   * unsupported.
   */
  get supported() {
    return this.#supported.some(({ name }) => name === this.name);
  }

  /**
   * Counts a failure of the player. Returns true if the path has changed, or false if a new player
   * for the same path should be created.
   * @param {number} now
   * @param {string} reason
   * @param {boolean} final  whether this path can never play the stream
   */
  broke(now, reason, final) {
    this.#errors = [...this.#errors.filter((at) => now - at < SPAN), now];
    if (!final && this.#errors.length < (now < this.#trialUntil ? 1 : ERRORS)) return false;
    return this.#leave(now, reason, final);
  }

  /**
   * Counts a stall. Returns true if the path has changed.
   * @param {number} now
   */
  stalled(now) {
    this.#stalls = [...this.#stalls.filter((at) => now - at < SPAN), now];
    const { length } = this.#stalls;
    const enough = now < this.#trialUntil ? TRIAL_STALLS : STALLS;
    return length >= enough && this.#leave(now, `${length} stalls in ${SPAN / 1_000} s`, false);
  }

  /**
   * Avoids a transport that the network blocks. Returns true if the path in use needed this
   * transport and has therefore changed.
   * @param {number} now
   * @param {Transport} transport
   */
  blocked(now, transport) {
    const over = this.#supported.filter((path) => path.transport === transport);
    for (const { name } of over) if (name !== this.name) this.#rest(now, name);
    return (
      over.some(({ name }) => name === this.name) &&
      this.#leave(now, `${transport} is blocked`, false)
    );
  }

  /**
   * Changes to a better path, if the waiting time after the failure of that path is over. Returns
   * true if the path has changed.
   * @param {number} now
   */
  recovered(now) {
    if (this.#forced) return false;
    const inUse = this.#supported.findIndex(({ name }) => name === this.name);
    const best = this.#supported.slice(0, inUse).find(({ name }) => this.#rested(now, name));
    if (!best) return false;
    this.#take(best.name, 'tried again');
    this.#trialUntil = now + TRIAL;
    return true;
  }

  /**
   * @param {number} now
   * @param {string} reason
   * @param {boolean} forGood
   */
  #leave(now, reason, forGood) {
    if (this.#forced) return false;
    const { name } = this;
    this.#rest(now, name);
    const others = this.#supported.filter((path) => path.name !== name);
    if (forGood) this.#supported = others;
    // If the former path can never play, use any other path, even a path whose waiting time is not
    // over.
    const other =
      others.find((path) => this.#rested(now, path.name)) ?? (forGood && this.#soonest(others));
    if (!other) return false;
    this.#take(other.name, `${name} left: ${reason}`);
    return true;
  }

  /** Returns the path whose waiting time ends first. @param {readonly PlaybackPath[]} paths */
  #soonest(paths) {
    const until = (/** @type {PlaybackPath} */ { name }) =>
      this.#resting.get(name)?.until ?? -Infinity;
    return paths.reduce(
      (/** @type {PlaybackPath | undefined} */ best, path) =>
        best && until(best) <= until(path) ? best : path,
      undefined,
    );
  }

  /**
   * @param {string} name
   * @param {string} why
   */
  #take(name, why) {
    this.name = name;
    this.why = why;
    this.#errors = [];
    this.#stalls = [];
    this.#trialUntil = -Infinity;
  }

  /**
   * @param {number} now
   * @param {string} name
   */
  #rest(now, name) {
    const rest = Math.min(LONGEST_REST, (this.#resting.get(name)?.rest ?? REST / 2) * 2);
    this.#resting.set(name, { until: now + rest, rest });
  }

  /**
   * @param {number} now
   * @param {string} name
   */
  #rested(now, name) {
    return now >= (this.#resting.get(name)?.until ?? -Infinity);
  }
}
