/**
 * Decides whether the reader may write now, and if not, why. After a refusal, the page waits and
 * keeps the text. Pure.
 *
 * @typedef {object} ChatSettings  the settings in force (server/API.md)
 * @property {boolean} [chat]
 * @property {number} [slow]  s
 * @property {boolean} [followers_only]
 * @property {boolean} [known_only]
 * @property {boolean} [links]
 * @property {boolean} [joins]
 * @property {{on: boolean, until: number | null}} [shield]
 *
 * @typedef {'open' | 'off' | 'followers' | 'known' | 'waiting' | 'banned'} Phase
 */
export const LONGEST = 300; // maximum length of a message, grapheme clusters
export const LARGEST = 1_200; // maximum length of a message, bytes of UTF-8
const NEAR = 40; // if at most this many grapheme clusters are left, the page shows the number

/** Codes of refusals after which the reader must wait for some time. */
const WAITING = ['rate_limited', 'slow_mode', 'muted', 'chat_crowded', 'known_only'];

export class ComposerState {
  /** @type {ChatSettings} */
  #settings = {};
  #moderates = false;
  #follows = false;
  #until = 0;
  #why = '';
  #banned = false;

  /** @param {ChatSettings} settings */
  set settings(settings) {
    this.#settings = settings;
  }

  /** Whether the reader moderates and may therefore always write. @param {boolean} moderates */
  set moderates(moderates) {
    this.#moderates = moderates;
  }

  /** @param {boolean} follows */
  set follows(follows) {
    this.#follows = follows;
  }

  /**
   * Starts the wait of the slow mode. Call this when the server has accepted a message.
   * @param {number} now  ms
   */
  accepted(now) {
    const { slow = 0 } = this.#settings;
    if (slow && !this.#moderates) this.#wait('slow_mode', now + slow * 1_000);
  }

  /**
   * Starts the wait that a refusal demands. Call this when the server has refused a message.
   * @param {string} code
   * @param {number} retryAfter  s; 0 if waiting does not help
   * @param {number} now  ms
   */
  refused(code, retryAfter, now) {
    if (code === 'banned' || code === 'banned_by_operator') this.#banned = true;
    else if (retryAfter || WAITING.includes(code))
      this.#wait(code, now + (retryAfter || 3) * 1_000);
  }

  /**
   * @param {number} now  ms
   * @returns {{phase: Phase, seconds: number, why: string}} `seconds`: time until the reader may
   *   write; `why`: code of the refusal
   */
  read(now) {
    const phase = this.#phase(now);
    const seconds = phase === 'waiting' ? Math.ceil((this.#until - now) / 1_000) : 0;
    return { phase, seconds, why: phase === 'waiting' ? this.#why : '' };
  }

  /**
   * @param {number} now
   * @returns {Phase}
   */
  #phase(now) {
    const { chat = true, followers_only: followers, known_only: known } = this.#settings;
    if (this.#banned) return 'banned';
    if (!this.#moderates) {
      if (!chat) return 'off';
      if (followers && !this.#follows) return 'followers';
    }
    if (now < this.#until) return 'waiting';
    return known && !this.#moderates && this.#why === 'known_only' ? 'known' : 'open';
  }

  /**
   * @param {string} why
   * @param {number} until
   */
  #wait(why, until) {
    this.#why = why;
    this.#until = Math.max(this.#until, until);
  }
}

const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter() : null;

/**
 * @param {string} text
 * @returns {{fits: boolean, left: number | null}} `left`: grapheme clusters that may still be
 *   written; null while more than NEAR are left
 */
export function measure(text) {
  const trimmed = text.trim().normalize('NFC');
  const length = segmenter ? [...segmenter.segment(trimmed)].length : [...trimmed].length;
  const fits = length <= LONGEST && new TextEncoder().encode(trimmed).length <= LARGEST;
  const left = fits ? LONGEST - length : Math.min(LONGEST - length, -1);
  return { fits, left: left <= NEAR ? left : null };
}
