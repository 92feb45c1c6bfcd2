/**
 * Reads the feed from the server, one answer after the other.
 *
 * @typedef {import('../api/feed_api.js').FeedItem} FeedItem
 * @typedef {Omit<import('../api/feed_api.js').FeedRequest, 'cursor' | 'limit'>} Wish
 */
import { readFeed } from '../api/feed_api.js';

const LIMIT = 10; // items of one answer

export class FeedSource {
  #read;
  #wish;
  #cursor = '';
  /** @type {Promise<FeedItem[]> | null} */
  #reading = null;
  /** Number of the present order; answers of an earlier one are ignored. */
  #turn = 0;
  /** Whether the server has no more items. */
  complete = false;

  /**
   * @param {() => Wish} wish  what the viewer wants now
   * @param {typeof readFeed} [read]
   */
  constructor(wish, read = readFeed) {
    this.#wish = wish;
    this.#read = read;
  }

  /**
   * Starts anew.
   * @returns {Promise<FeedItem[]>} the first items; rejects with an ApiError
   */
  first() {
    this.#turn++;
    this.#cursor = '';
    this.#reading = null;
    this.complete = false;
    return this.more();
  }

  /**
   * Reads the next items. Calls during a request get the answer of that request.
   * @returns {Promise<FeedItem[]>} rejects with an ApiError
   */
  more() {
    this.#reading ??= this.#ask(this.#turn).finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** @param {number} turn  @returns {Promise<FeedItem[]>} */
  async #ask(turn) {
    const cursor = this.#cursor;
    try {
      const answer = await this.#read({ ...this.#wish(), cursor, limit: LIMIT });
      if (turn !== this.#turn) return [];
      this.#cursor = answer.cursor ?? '';
      this.complete = !this.#cursor || !answer.items.length;
      return answer.items;
    } catch (error) {
      // A cursor is valid for some minutes. The items of a new order follow those that are present.
      if (!cursor || /** @type {{status?: number}} */ (error).status !== 400) throw error;
      if (turn !== this.#turn) return [];
      this.#cursor = '';
      return this.#ask(turn);
    }
  }
}
