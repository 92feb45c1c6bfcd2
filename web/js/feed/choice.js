/**
 * What the viewer has chosen for the feed: the order, a mood, and whether the feed learns. The
 * choices stay in the browser. Pure, except for the store that the caller passes.
 *
 * @typedef {'for_you' | 'follows' | 'most_watched' | 'chronological'} Mode
 * @typedef {'calm' | 'loud' | 'funny' | 'learn' | 'create'} Mood
 *
 * @typedef {object} Store
 * @property {(name: string) => any} recall
 * @property {(name: string, value: unknown) => void} keep
 */

/** @type {readonly Mode[]} */
export const MODES = Object.freeze(['for_you', 'follows', 'most_watched', 'chronological']);
/** @type {readonly Mood[]} */
export const MOODS = Object.freeze(['calm', 'loud', 'funny', 'learn', 'create']);

const MOOD_LASTS = 3_600_000; // ms

export class Choice {
  #store;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** @returns {Mode} */
  get mode() {
    const mode = this.#store.recall('feed_mode');
    return MODES.includes(mode) ? mode : 'for_you';
  }

  set mode(mode) {
    this.#store.keep('feed_mode', mode === 'for_you' ? null : mode);
  }

  /**
   * The mood, which ends after an hour; '' without a mood.
   * @param {number} now  ms since 1970
   * @returns {Mood | ''}
   */
  moodAt(now) {
    const { mood, since = NaN } = this.#store.recall('feed_mood') ?? {};
    const age = now - since;
    return MOODS.includes(mood) && age >= 0 && age < MOOD_LASTS ? mood : '';
  }

  /**
   * @param {Mood | ''} mood
   * @param {number} now  ms since 1970
   */
  setMood(mood, now) {
    this.#store.keep('feed_mood', mood ? { mood, since: now } : null);
  }
}
