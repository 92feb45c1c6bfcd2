/**
 * The items that a viewer swipes through, and what each of them does now. Pure.
 *
 * A page of the deck shows one item. `position` is the place of the deck in pages: 1.25 shows three
 * quarters of item 1 and one quarter of item 2. At most three items have a connection: the item that
 * covers most of the screen, and a neighbour each way.
 *
 * @typedef {import('../api/feed_api.js').FeedItem} FeedItem
 *
 * `play`: media plays. `standby`: connected, with a still picture. `poster`: a still picture without
 * a connection. `empty`: nothing.
 * @typedef {'play' | 'standby' | 'poster' | 'empty'} Role
 */

const EARLY = 0.25; // share of the screen from which an item on standby plays
const LATE = 0.85; // the same for an item without a connection, which may only be passing by
const POSTERS = 2; // how far from the screen items have a poster
const BEHIND = 40; // items that are kept before the one on the screen
const AHEAD = 4; // number of items left at which more are requested

/** @param {Pick<FeedItem, 'kind' | 'id'>} item */
export const keyOf = ({ kind, id }) => `${kind}:${id}`;

export class Pager {
  /** @type {FeedItem[]} */
  #items = [];
  #position = 0;
  #target = 0;
  #resting = true;
  /** Keys of the items that have a connection. @type {Set<string>} */
  #connected = new Set();

  /** @returns {readonly FeedItem[]} */
  get items() {
    return this.#items;
  }

  /** Place of the item that covers most of the screen; may be the end, after the last item. */
  get at() {
    return Math.max(0, Math.min(this.#items.length, Math.round(this.#position)));
  }

  get current() {
    return this.#items[this.at];
  }

  get resting() {
    return this.#resting;
  }

  /** Whether the viewer is near the end of the items. */
  get wantsMore() {
    return this.#items.length - this.at <= AHEAD;
  }

  /**
   * Adds items at the end. Leaves out those that are present.
   * @param {readonly FeedItem[]} items
   * @returns {FeedItem[]} the items that were added
   */
  append(items) {
    const known = new Set(this.#items.map(keyOf));
    const added = items.filter((item) => {
      const isNew = !known.has(keyOf(item));
      known.add(keyOf(item));
      return isNew;
    });
    this.#items.push(...added);
    return added;
  }

  /** Removes all items. */
  clear() {
    this.#items = [];
    this.#connected.clear();
    [this.#position, this.#target, this.#resting] = [0, 0, true];
  }

  /** @param {number} index */
  remove(index) {
    if (!this.#items[index]) return;
    this.#items.splice(index, 1);
    if (index < this.at) this.#position--;
    this.#target = this.at;
  }

  /**
   * Returns how many items at the start are too far behind. The caller removes them.
   */
  get tooFarBehind() {
    return this.#resting ? Math.max(0, this.at - BEHIND) : 0;
  }

  /**
   * Returns how many items at the end may be replaced: at rest, all but the one on the screen and its
   * neighbours. The caller removes them.
   */
  get replaceable() {
    return this.#resting ? Math.max(0, this.#items.length - this.at - 2) : 0;
  }

  /**
   * The deck moves, by a finger or by itself.
   * @param {number} position  pages
   */
  move(position) {
    this.#position = position;
    this.#resting = false;
  }

  /**
   * The deck rests on one page.
   * @param {number} index
   */
  rest(index) {
    this.#position = this.#target = index;
    this.#resting = true;
  }

  /**
   * Returns the page to show after one step. While the deck moves, a step goes on from where the
   * previous step leads, so that quick steps add up.
   * @param {1 | -1} direction
   * @param {boolean} hasEnd  whether a page follows the last item
   */
  step(direction, hasEnd) {
    const from = this.#resting ? this.at : this.#target;
    const last = this.#items.length - (hasEnd ? 0 : 1);
    this.#target = Math.max(0, Math.min(last, from + direction));
    return this.#target;
  }

  /** Decides what each item does now. @returns {Role[]} */
  roles() {
    const roles = this.#items.map((item, index) => this.#roleOf(keyOf(item), index));
    this.#connected = new Set(
      this.#items.filter((_, index) => isConnected(roles[index])).map(keyOf),
    );
    return roles;
  }

  /**
   * @param {string} key
   * @param {number} index
   * @returns {Role}
   */
  #roleOf(key, index) {
    const { at } = this;
    const away = Math.abs(index - at);
    if (away > POSTERS) return 'empty';
    if (away > 1) return 'poster';
    const shown = 1 - Math.abs(index - this.#position);
    const connected = this.#connected.has(key);
    if (shown >= (connected ? EARLY : LATE) || (this.#resting && !away)) return 'play';
    // While the deck moves, items that only pass by get no connection.
    return connected || this.#resting ? 'standby' : 'poster';
  }
}

/** @param {Role | undefined} role */
const isConnected = (role) => role === 'play' || role === 'standby';
