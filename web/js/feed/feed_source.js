/**
 * Reads the feed from the server, one answer after the other.
 *
 * @typedef {import('../api/feed_api.js').FeedItem} FeedItem
 * @typedef {Omit<import('../api/feed_api.js').FeedRequest, 'cursor' | 'limit' | 'at'>} Wish
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
   * @param {string} [at]  the item that the server is to put first
   * @returns {Promise<FeedItem[]>} the first items; rejects with an ApiError
   */
  first(at = '') {
    this.#turn++;
    this.#cursor = '';
    this.complete = false;
    return this.#begin(at);
  }

  /**
   * Reads the next items. Calls during a request get the answer of that request.
   * @returns {Promise<FeedItem[]>} rejects with an ApiError
   */
  more() {
    return this.#reading ?? this.#begin('');
  }

  /** @param {string} at  @returns {Promise<FeedItem[]>} */
  #begin(at) {
    const reading = this.#ask(this.#turn, at).finally(() => {
      // An earlier request does not end the present one.
      if (this.#reading === reading) this.#reading = null;
    });
    return (this.#reading = reading);
  }

  /**
   * @param {number} turn
   * @param {string} [at]
   * @returns {Promise<FeedItem[]>}
   */
  async #ask(turn, at = '') {
    const cursor = this.#cursor;
    try {
      const answer = await this.#read({ ...this.#wish(), cursor, limit: LIMIT, at });
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
