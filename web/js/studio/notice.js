/** One sentence at the top of the studio that tells the creator plainly what is wrong and what becomes of it. */
import { byId, setText } from '../page/dom.js';

/** The first that has something to say is heard. */
const TOPICS = /** @type {const} */ (['link', 'camera']);

export class Notice {
  /** @type {Map<string, {text: string, retry?: () => void}>} */
  #said = new Map();
  #retry = byId('notice-retry');

  constructor() {
    this.#retry.addEventListener('click', () => this.#first?.retry?.());
  }

  /**
   * @param {(typeof TOPICS)[number]} topic
   * @param {string} text nothing ends it
   * @param {() => void} [retry] what a tap on “Try again” does; without it there is no button
   */
  say(topic, text, retry) {
    if (text) this.#said.set(topic, { text, ...(retry && { retry }) });
    else this.#said.delete(topic);
    const first = this.#first;
    byId('notice').hidden = !first;
    setText(byId('notice-text'), first?.text ?? '');
    this.#retry.hidden = !first?.retry;
  }

  get #first() {
    const topic = TOPICS.find((each) => this.#said.has(each));
    return topic && this.#said.get(topic);
  }
}
