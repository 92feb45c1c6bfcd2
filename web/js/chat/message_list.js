/**
 * The messages that a page shows, in the room's order. Their number is bounded. An own message,
 * which is a message of the reader, is in the list as soon as the reader has written it. Removed
 * messages and messages of hidden people are not shown. Pure.
 *
 * @typedef {import('../people/people_api.js').Person & {role?: string}} Author
 *
 * @typedef {object} Message
 * @property {number} n   number in the room
 * @property {string} id  chosen by the author's page
 * @property {Author | null} person  the author; null for a line of the room
 * @property {string} text
 * @property {number} at  ms since 1970
 * @property {number | null} [media_time]  µs
 * @property {{n: number, name: string, text: string} | null} [reply_to]
 * @property {'chat' | 'system'} kind
 * @property {string[]} [mentions]  ids of the mentioned people
 * @property {string} [state]  'held' until a moderator shows the message
 *
 * @typedef {'shown' | 'sending' | 'failed' | 'held'} EntryState
 *
 * @typedef {object} Entry
 * @property {string} key    identifies the entry; never changes
 * @property {Message} message
 * @property {EntryState} state
 * @property {boolean} mine
 * @property {boolean} removed
 * @property {Message['reply_to']} [quote]  the quoted message, if the reader may see this message
 */

export const MOST = 200; // entries

export class MessageList {
  /** Sorted by number. @type {Entry[]} */
  #shown = [];
  /**
   * Own messages that have no number yet, in the order in which they were written.
   * @type {Entry[]}
   */
  #waiting = [];
  #hidden = (/** @type {string} */ _person) => false;
  #me = '';
  #playhead = NaN;

  /** The entries to show, the oldest first. */
  get entries() {
    const gone = new Set(
      this.#shown.filter((entry) => !this.#isSeen(entry)).map(({ message }) => message.n),
    );
    const entries = [...this.#shown, ...this.#waiting].filter((entry) => this.#isSeen(entry));
    for (const entry of entries) {
      const quote = entry.message.reply_to;
      entry.quote = quote && !gone.has(quote.n) ? quote : null;
    }
    return entries;
  }

  /** The greatest message number so far; 0 before the first message. */
  get newest() {
    return this.#shown.at(-1)?.message.n ?? 0;
  }

  /**
   * Id of the reader. Messages that the reader wrote before this page was loaded are own messages
   * too.
   * @param {string} id
   */
  set me(id) {
    this.#me = id;
    for (const entry of this.#shown) entry.mine ||= this.#wrote(entry.message);
  }

  /**
   * The moment of an instant replay, µs; NaN at the live. Later messages of others are not shown.
   * @param {number} mediaTime
   */
  set playhead(mediaTime) {
    this.#playhead = mediaTime;
  }

  /**
   * Whether the reader has reached the moment at which a message was written.
   * @param {Pick<Message, 'media_time'>} message
   */
  isReached({ media_time: written }) {
    return !((written ?? NaN) > this.#playhead);
  }

  /** @param {(person: string) => boolean} hidden  whether the reader hides this person */
  set hidden(hidden) {
    this.#hidden = hidden;
  }

  /**
   * Whether the list has this message already.
   * @param {Pick<Message, 'n'>} message
   */
  has({ n }) {
    return this.#shown.some((entry) => entry.message.n === n);
  }

  /**
   * Takes messages of the room. An own message replaces the entry that was shown until the message
   * had a number.
   * @param {readonly Message[]} messages
   */
  take(messages) {
    for (const message of messages) {
      const own = this.#waiting.find((entry) => entry.message.id === message.id);
      if (own) this.acknowledge(message.id, message);
      else if (!this.has(message))
        this.#insert({ ...entryOf(message, `n${message.n}`), mine: this.#wrote(message) });
    }
    this.#shown.splice(0, this.#shown.length - MOST);
  }

  /**
   * Adds an own message that has no number yet.
   * @param {Message} message
   */
  write(message) {
    this.#waiting.push({
      ...entryOf(message, `id${message.id}`),
      state: 'sending',
      mine: true,
    });
    this.#waiting.splice(0, this.#waiting.length - MOST);
  }

  /**
   * Replaces an own message by the message that the server has accepted.
   * @param {string} id
   * @param {Message} message
   */
  acknowledge(id, message) {
    const entry = this.#waiting.find((each) => each.message.id === id);
    if (!entry) return;
    if (message.state === 'held') {
      entry.state = 'held';
      return;
    }
    this.#waiting = this.#waiting.filter((each) => each !== entry);
    if (this.has(message)) return;
    this.#insert({ ...entry, message, state: 'shown' });
  }

  /**
   * @param {string} id  id of an own message
   * @param {'sending' | 'failed'} state
   */
  mark(id, state) {
    const entry = this.#waiting.find((each) => each.message.id === id);
    if (entry) entry.state = state;
  }

  /**
   * Forgets an own message that was not accepted.
   * @param {string} id
   */
  discard(id) {
    this.#waiting = this.#waiting.filter((each) => each.message.id !== id);
  }

  /**
   * @param {readonly number[]} numbers
   * @param {boolean} removed  whether to hide the messages; if false, shows the messages again
   */
  remove(numbers, removed = true) {
    for (const entry of this.#shown) if (numbers.includes(entry.message.n)) entry.removed = removed;
  }

  /** @param {Message} message */
  #wrote({ person }) {
    return this.#me !== '' && person?.id === this.#me;
  }

  /**
   * Whether the reader sees the entry. A line of the room is not shown if the page has no text for
   * the line.
   * @param {Entry} entry
   */
  #isSeen({ removed, mine, message }) {
    const { person, text } = message;
    if (!mine && !this.isReached(message)) return false;
    return !removed && (person ? mine || !this.#hidden(person.id) : text !== '');
  }

  /** @param {Entry} entry */
  #insert(entry) {
    let at = this.#shown.length;
    while (at > 0 && /** @type {Entry} */ (this.#shown[at - 1]).message.n > entry.message.n) at--;
    this.#shown.splice(at, 0, entry);
  }
}

/**
 * @param {Message} message
 * @param {string} key
 * @returns {Entry}
 */
function entryOf(message, key) {
  return { key, message, state: 'shown', mine: false, removed: false };
}
