/**
 * The lives on air, from two lists of the server. The list of rooms is always up to date, but has no
 * creators and no lives of other servers. The feed has these.
 */

/** @typedef {import('../api/discovery_api.js').Item} Item */

export class PresentLives {
  /** @type {Item[]} */
  #rooms = [];
  /** @type {Map<string, Item>} */
  #feed = new Map();
  /** Lives of this server, also those that have ended: the feed may still have them. */
  #here = new Set();

  /** @param {Item[]} items  the list of rooms */
  set rooms(items) {
    this.#rooms = items;
    for (const { id } of items) this.#here.add(id);
  }

  /** @param {Item[]} items  items of the feed, of any kind */
  set feed(items) {
    const lives = items.filter(({ kind }) => kind === 'live');
    this.#feed = new Map(lives.map((item) => [item.id, item]));
  }

  /** The lives of this server, then those of other servers. */
  get items() {
    const here = this.#rooms.map((room) => this.#described(room));
    return [...here, ...[...this.#feed.values()].filter(({ id }) => !this.#here.has(id))];
  }

  /** @param {Item} room */
  #described(room) {
    const known = this.#feed.get(room.id);
    if (!known) return room;
    const { title, state, viewers, poster } = room;
    return { ...known, title, state, viewers, poster: poster ?? known.poster };
  }
}
