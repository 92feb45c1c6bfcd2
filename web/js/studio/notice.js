/** The notice at the top of the studio, which states a problem and what happens next. */
import { byId, setText } from '../page/dom.js';
import { t } from '../page/strings.js';

/** The topics of a notice, the most important first. The first topic that has a text is shown. */
const TOPICS = /** @type {const} */ (['link', 'camera', 'recording']);

/**
 * @typedef {object} NoticeOptions
 * @property {() => void} [retry]   adds a button “Try again” that calls this
 * @property {number} [countdown]   s until the next attempt
 */

export class Notice {
  /** @type {Map<string, NoticeOptions & {text: string}>} */
  #entries = new Map();
  #box = byId('notice');
  #text = byId('notice-text');
  #countdown = byId('notice-countdown');
  #retry = byId('notice-retry');
  #listening = new AbortController();

  constructor() {
    this.#retry.addEventListener('click', () => this.#first?.retry?.(), {
      signal: this.#listening.signal,
    });
  }

  /**
   * @param {(typeof TOPICS)[number]} topic
   * @param {string} text '' removes the topic
   * @param {NoticeOptions} [options]
   */
  say(topic, text, options = {}) {
    if (text) this.#entries.set(topic, { ...options, text });
    else this.#entries.delete(topic);
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#entries.clear();
    this.#show();
  }

  get #first() {
    const topic = TOPICS.find((each) => this.#entries.has(each));
    return topic && this.#entries.get(topic);
  }

  #show() {
    const first = this.#first;
    this.#box.hidden = !first;
    setText(this.#text, first?.text ?? '');
    setText(
      this.#countdown,
      first?.countdown ? t('studio.next_attempt', { seconds: first.countdown }) : '',
    );
    this.#retry.hidden = !first?.retry;
  }
}
