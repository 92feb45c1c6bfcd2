/**
 * The person who uses this browser, and the people whom this person follows or hides. All views of
 * one page share this object. A view calls `load` once, reads the getters and listens with `onChange`.
 */
import * as api from './people_api.js';

/** @typedef {import('./people_api.js').Me} Me */

export class Identity {
  /** @type {Me | null} */
  #me = null;
  /** @type {Promise<Me> | null} */
  #asked = null;
  /** @type {Promise<Me> | null} */
  #loading = null;
  /** @type {Set<string>} */
  #hidden = new Set();
  /** @type {Set<string>} */
  #follows = new Set();
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #api;

  /** @param {typeof api} [people] */
  constructor(people = api) {
    this.#api = people;
  }

  /** The person who uses this browser, from the server's answer; null before the answer. */
  get me() {
    return this.#me;
  }

  /**
   * Requests the person who uses this browser. Later calls return the first result.
   * @returns {Promise<Me>} rejects with an ApiError; the next call then sends a new request
   */
  loadMe() {
    this.#asked ??= this.#api.me().then(
      (me) => {
        this.#take(me);
        return me;
      },
      (error) => {
        this.#asked = null;
        throw error;
      },
    );
    return this.#asked;
  }

  /**
   * Requests the person who uses this browser, and the people whom this person follows or hides.
   * Later calls return the first result.
   * @returns {Promise<Me>} rejects with an ApiError; the next call then sends a new request
   */
  load() {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  /**
   * Requests only the people whom this person hides, for pages on which people only read.
   * @returns {Promise<void>} rejects with an ApiError
   */
  async loadHidden() {
    this.#hidden = idsOf(await this.#api.hidden());
    this.#changed();
  }

  /**
   * @param {() => void} listener  called after each change
   * @returns {() => void} removes the listener
   */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {string} person */
  hides(person) {
    return this.#hidden.has(person);
  }

  /** @param {string} person */
  follows(person) {
    return this.#follows.has(person);
  }

  /** @param {Parameters<typeof api.change>[0]} changes */
  async change(changes) {
    this.#take(await this.#api.change(changes));
  }

  /**
   * Gives the person a handle, or changes the person's handle.
   * @param {string} handle
   * @returns {Promise<string>} the recovery code, if this is the person's first handle; otherwise
   *   ''
   */
  async takeHandle(handle) {
    const { person, recovery_code = '' } = await this.#api.takeHandle(handle);
    if (this.#me) this.#take({ ...this.#me, person, guest: false });
    return recovery_code;
  }

  /**
   * @param {string} person
   * @param {boolean} hidden
   */
  async hide(person, hidden = true) {
    await (hidden ? this.#api.hide(person) : this.#api.unhide(person));
    this.#mark(this.#hidden, person, hidden);
  }

  /**
   * @param {string} person
   * @param {boolean} followed
   * @returns {Promise<number | null>} number of followers of the person; null if the server did not
   *   report the number
   */
  async follow(person, followed = true) {
    const answer = await (followed ? this.#api.follow(person) : this.#api.unfollow(person));
    this.#mark(this.#follows, person, followed);
    return answer?.followers ?? null;
  }

  async #load() {
    // Request the person first: the other two requests need the cookie that this answer sets.
    const me = await this.loadMe();
    const [hidden, follows] = await Promise.all([
      this.#api.hidden().catch(() => []),
      this.#api.follows().catch(() => []),
    ]);
    this.#hidden = idsOf(hidden);
    this.#follows = idsOf(follows);
    this.#changed();
    return me;
  }

  /** @param {Me} me */
  #take(me) {
    this.#me = me;
    this.#changed();
  }

  /**
   * @param {Set<string>} people
   * @param {string} person
   * @param {boolean} present
   */
  #mark(people, person, present) {
    if (present) people.add(person);
    else people.delete(person);
    this.#changed();
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }
}

/** @param {{id: string}[]} people */
function idsOf(people) {
  return new Set(people.map(({ id }) => id));
}
