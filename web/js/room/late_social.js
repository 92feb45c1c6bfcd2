/**
 * Loads the chat and the other social parts of the room after the first picture. Keeps the events
 * that arrive before these parts have loaded.
 */

/** @typedef {import('../social/social.js').Social} Social */

const KEPT = 300; // events

export class LateSocial {
  #make;
  /** @type {Social | null} */
  #social = null;
  /** @type {any[]} */
  #early = [];
  #asked = false;
  #closed = false;

  /** @param {() => Promise<Social>} make  loads and creates the view */
  constructor(make) {
    this.#make = make;
  }

  /** The view, or null until it has loaded. */
  get view() {
    return this.#social;
  }

  /** Closes the view, also one that is still loading. */
  close() {
    this.#closed = this.#asked = true;
    this.#early = [];
    this.#social?.close();
  }

  /** @param {any} event */
  receive(event) {
    if (this.#closed) return;
    if (this.#social) return this.#social.receive(event);
    this.#early.push(event);
    if (this.#early.length > KEPT) this.#early.shift();
  }

  /** Loads the view, unless loading has begun. After a failure, the next call tries again. */
  async load() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      const social = await this.#make();
      if (this.#closed) return social.close();
      this.#social = social;
      for (const event of this.#early.splice(0)) social.receive(event);
      await social.load();
    } catch (error) {
      this.#asked = this.#social !== null;
      console.warn('chat:', error);
    }
  }
}
