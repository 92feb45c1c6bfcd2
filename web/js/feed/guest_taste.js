/**
 * What a guest likes to watch. server/feed/taste.py keeps the same for people with a handle, and
 * explains it: beliefs about tags, creators and moods, each with the number of views that support it,
 * corrected by each view and with a half-life. Pure.
 *
 * @typedef {[count: number, mean: number]} Belief
 * @typedef {{[key: string]: Belief}} Beliefs
 * @typedef {'t' | 'c' | 'm'} Name  tags, creators, moods by part of the day
 * @typedef {{v: 1, at: number} & Record<Name, Beliefs>} Value  `at`: Unix seconds
 */
const HALF_LIFE = 14 * 86_400; // s
const DECAY_AFTER = 3_600; // s
const MAX_BYTES = 1_024;
const [SKIP, STAY] = [3, 8]; // s; a shorter view is a skip, a longer view is a stay
const LIMITS = Object.freeze({ t: 60, c: 40, m: 25 });
const PRIOR = Object.freeze({ t: 0.12, c: 0.4, m: 0.05 });
const NOISE = 0.9;
const USUAL = -0.3; // what a view says on average, if nothing is known
const MAX_MEAN = 3;
const MAX_COUNT = 1_000;
const MAX_TAGS = 8;
const MAX_KEY = 64;
const FORGOTTEN = 0.05; // views
const NAMES = /** @type {const} */ (['t', 'c', 'm']);

export class GuestTaste {
  #value;

  /** @param {Value} value */
  constructor(value) {
    this.#value = value;
  }

  /**
   * Reads a stored taste. A damaged one is forgotten.
   * @param {string} text
   */
  static from(text) {
    return new GuestTaste(read(text) ?? { v: 1, at: 0, t: {}, c: {}, m: {} });
  }

  /**
   * Learns from one view.
   * @param {Pick<import('../api/feed_api.js').FeedItem, 'tags' | 'creator' | 'mood'>} item
   * @param {number} seconds
   * @param {number} now   Unix seconds
   * @param {number} hour  of the day, 0 to 23
   */
  watched({ tags, creator, mood }, seconds, now, hour) {
    this.#decay(now);
    /** @type {[Name, string][]} */
    const about = tags.slice(0, MAX_TAGS).map(({ tag }) => ['t', tag]);
    if (creator.id) about.push(['c', creator.id]);
    if (mood) about.push(['m', `${mood}${Math.floor(hour / 6)}`]);
    const beliefs = about.map(([name, key]) => this.#belief(name, key));
    const expected = beliefs.reduce((sum, [, mean]) => sum + mean, USUAL);
    const variances = about.map(([name], n) => variance(name, beliefs[n]?.[0] ?? 0));
    const doubt = variances.reduce((sum, each) => sum + each, NOISE);
    const surprise = (liking(seconds) - expected) / doubt;
    about.forEach(([name, key], n) => this.#learn(name, key, (variances[n] ?? 0) * surprise));
  }

  /** Returns JSON of at most 1 KB. Leaves out the weakest beliefs if needed. */
  toJson() {
    const strength = (/** @type {Belief} */ [count, mean]) => Math.abs(mean) * Math.min(count, 4);
    const kept = NAMES.flatMap((name) =>
      Object.entries(this.#value[name]).map(([key, belief]) => ({ name, key, belief })),
    ).sort((a, b) => strength(b.belief) - strength(a.belief));
    for (;;) {
      /** @type {Value} */
      const value = { v: 1, at: Math.round(this.#value.at), t: {}, c: {}, m: {} };
      for (const { name, key, belief } of kept)
        value[name][key] = [round(belief[0]), round(belief[1])];
      const text = JSON.stringify(value);
      if (new TextEncoder().encode(text).length <= MAX_BYTES) return text;
      kept.length -= Math.max(1, Math.floor(kept.length / 10));
    }
  }

  /**
   * @param {Name} name
   * @param {string} key
   * @returns {Belief}
   */
  #belief(name, key) {
    const beliefs = this.#value[name];
    return (Object.hasOwn(beliefs, key) ? beliefs[key] : undefined) ?? [0, 0];
  }

  /**
   * @param {Name} name
   * @param {string} key
   * @param {number} change
   */
  #learn(name, key, change) {
    if (key.length > MAX_KEY) return;
    const beliefs = this.#value[name];
    const [count, mean] = this.#belief(name, key);
    if (!count && Object.keys(beliefs).length >= LIMITS[name]) delete beliefs[weakestOf(beliefs)];
    const changed = Math.max(-MAX_MEAN, Math.min(MAX_MEAN, mean + change));
    beliefs[key] = [Math.min(MAX_COUNT, count + 1), changed];
  }

  /** @param {number} now */
  #decay(now) {
    const { at } = this.#value;
    const passed = now - at;
    if (passed < DECAY_AFTER) return;
    const factor = at ? 0.5 ** (passed / HALF_LIFE) : 1;
    this.#value.at = now;
    for (const name of NAMES)
      for (const [key, [count, mean]] of Object.entries(this.#value[name])) {
        if (count * factor < FORGOTTEN) delete this.#value[name][key];
        else this.#value[name][key] = [count * factor, mean * factor];
      }
  }
}

/** Returns what a view of so many seconds says. @param {number} seconds */
function liking(seconds) {
  if (seconds < SKIP) return -1;
  return seconds < STAY ? -0.3 : Math.min(1.6, 0.1 + 0.5 * Math.log(seconds / STAY));
}

/**
 * Returns how uncertain a belief is.
 * @param {Name} name
 * @param {number} count
 */
const variance = (name, count) => PRIOR[name] / (1 + (count * PRIOR[name]) / NOISE);

/** @param {Beliefs} beliefs */
function weakestOf(beliefs) {
  const strength = (/** @type {string} */ key) => Math.abs(beliefs[key]?.[1] ?? 0);
  return Object.keys(beliefs).reduce((weakest, key) =>
    strength(key) < strength(weakest) ? key : weakest,
  );
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100;

/** @param {string} text @returns {Value | null} */
function read(text) {
  try {
    const value = JSON.parse(text);
    return value.v === 1 && Number.isFinite(value.at) && NAMES.every((name) => isWhole(value[name]))
      ? value
      : null;
  } catch {
    return null;
  }
}

/** @param {unknown} beliefs */
const isWhole = (beliefs) =>
  beliefs !== null &&
  typeof beliefs === 'object' &&
  Object.values(beliefs).every(
    (belief) =>
      Array.isArray(belief) &&
      belief.every(Number.isFinite) &&
      belief[0] <= MAX_COUNT &&
      Math.abs(belief[1]) <= MAX_MEAN,
  );
