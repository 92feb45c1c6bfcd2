/**
 * Keeps what a guest likes to watch in the browser (≤ 1 KB), and forgets it. The server keeps the
 * taste of a person with a handle.
 */
import { forgetTaste, readTaste, setPersonal } from '../api/feed_api.js';
import { GuestTaste } from './guest_taste.js';

export class TasteKeeper {
  #store;

  /** @param {import('./choice.js').Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** The taste for a request; '' if there is none, or if the feed may not learn. */
  get forRequest() {
    return this.#mayLearn ? (this.#store.recall('feed_taste') ?? '') : '';
  }

  /**
   * @param {import('./watch_meter.js').Watched} watched
   * @param {import('../api/feed_api.js').FeedItem} item
   */
  watched({ seconds }, item) {
    if (!this.#mayLearn) return;
    const taste = GuestTaste.from(this.forRequest);
    const now = new Date();
    taste.watched(item, seconds, now.getTime() / 1_000, now.getHours());
    this.#store.keep('feed_taste', taste.toJson());
  }

  /** Forgets the copy of this browser. */
  drop() {
    this.#store.keep('feed_taste', null);
  }

  /** Forgets both copies at once. */
  async forget() {
    this.drop();
    await forgetTaste();
  }

  /** @returns {Promise<boolean>} */
  async learns() {
    return this.#mayLearn && (await readTaste()).personal;
  }

  /** @param {boolean} learns */
  async setLearns(learns) {
    this.#store.keep('feed_unlearning', learns ? null : true);
    if (!learns) this.drop();
    await setPersonal(learns);
  }

  get #mayLearn() {
    return this.#store.recall('feed_unlearning') !== true;
  }
}
