/**
 * The room's one connection, whoever holds it: the page, or a player that has it beside its decoders. It stays open or closed, and keeps where it
 * leads and what it has counted, when it goes from the one to the other.
 *
 * @typedef {Pick<Connection, 'url' | 'bytes' | 'open' | 'close' | 'hurry' | 'restart'> & {lively: boolean}} Held
 */
import { Connection } from './connection.js';

export class Line {
  /** For a player that holds the connection: what it hears. */
  listener;
  #own;
  /** @type {Held} */
  #held;
  #url;
  #lively = true;
  #open = false;
  #begun = false;
  #hellos = 0;
  #bytes = 0; // of those who held it before

  /**
   * @param {string} url
   * @param {import('./connection.js').Listener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.listener = {
      ...listener,
      hello: (/** @type {import('./connection.js').Hello} */ hello) => {
        this.#hellos++;
        listener.hello(hello);
      },
    };
    this.#own = new Connection(url, this.listener);
    this.#held = this.#own;
  }

  /** The server's, as the page's own connection learns it. */
  get clock() {
    return this.#own.clock;
  }

  get reconnects() {
    return Math.max(0, this.#hellos - 1);
  }

  get bytes() {
    return this.#bytes + this.#held.bytes;
  }

  /** Where the next attempt goes. @param {string} url */
  set url(url) {
    this.#url = this.#held.url = url;
  }

  /** As of Connection. @param {boolean} lively */
  set lively(lively) {
    this.#lively = this.#held.lively = lively;
  }

  /**
   * Somebody else holds it from now on. What they have does not begin before `begin` or `restart`.
   * @param {Held | null} connection null: the page
   */
  take(connection) {
    const held = connection ?? this.#own;
    if (held === this.#held) return;
    this.#held.close();
    this.#bytes += this.#held.bytes - held.bytes;
    this.#held = held;
    this.#begun = false;
    [held.url, held.lively] = [this.#url, this.#lively];
  }

  /** @param {import('../../boot/first_socket.js').FirstSocket | null} [first] a socket already dialled, for the page */
  open(first) {
    this.#open = this.#begun = true;
    if (this.#held === this.#own) this.#own.open(first);
    else this.#held.open();
  }

  close() {
    this.#open = this.#begun = false;
    this.#held.close();
  }

  hurry() {
    this.#held.hurry();
  }

  /** Opens it, if it should be and whoever holds it now has not yet. */
  begin() {
    if (this.#open && !this.#begun) this.open();
  }

  /** A fresh start with everything since the last IDR. */
  restart() {
    if (this.#begun) this.#held.restart();
    else this.begin();
  }
}
