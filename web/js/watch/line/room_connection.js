/**
 * The single connection of a room. The holder of this connection is either the page or a player
 * that decodes in a worker. A change of the holder does not change the state (open or closed), the
 * URL and the counters.
 *
 * @typedef {Pick<Connection, 'url' | 'bytes' | 'open' | 'close' | 'retryNow' | 'restart' | 'send'>
 *   & {lively: boolean, standby: boolean}} ConnectionLike
 */
import { BROWSER } from '../../page/environment.js';
import { Connection } from './connection.js';

export class RoomConnection {
  /** The listener that a player must use while the player holds the connection. */
  listener;
  #own;
  /** @type {ConnectionLike} */
  #held;
  #url;
  #lively = true;
  #standby = false;
  #open = false;
  #begun = false;
  #hellos = 0;
  #bytes = 0; // number of bytes that the previous holders received

  /**
   * @param {string} url
   * @param {import('./connection.js').Listener} listener
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(url, listener, environment = BROWSER) {
    this.#url = url;
    this.listener = {
      ...listener,
      hello: (/** @type {import('./connection.js').Hello} */ hello) => {
        this.#hellos++;
        listener.hello(hello);
      },
    };
    this.#own = new Connection(url, this.listener, environment);
    this.#held = this.#own;
  }

  /** The server's clock, measured by the page's own connection. */
  get clock() {
    return this.#own.clock;
  }

  get reconnects() {
    return Math.max(0, this.#hellos - 1);
  }

  get bytes() {
    return this.#bytes + this.#held.bytes;
  }

  /** The URL for the next attempt to connect. @param {string} url */
  set url(url) {
    this.#url = this.#held.url = url;
  }

  /** Whether media is expected; see Connection.lively. @param {boolean} lively */
  set lively(lively) {
    this.#lively = this.#held.lively = lively;
  }

  /** Begins or ends the standby; see Connection.standby. @param {boolean} standby */
  set standby(standby) {
    this.#standby = this.#held.standby = standby;
  }

  /**
   * Makes another object the holder of the room's connection: closes the connection of the previous
   * holder. The new holder connects when `begin` or `restart` is called.
   * @param {ConnectionLike | null} connection  the player's connection; null if the page becomes
   *   the holder
   */
  take(connection) {
    const held = connection ?? this.#own;
    if (held === this.#held) return;
    this.#held.close();
    this.#bytes += this.#held.bytes - held.bytes;
    this.#held = held;
    this.#begun = false;
    [held.url, held.lively, held.standby] = [this.#url, this.#lively, this.#standby];
  }

  /**
   * @param {import('../../boot/preload.js').FirstSocket | null} [first] a socket that the page has
   *   already opened; used only if the page is the holder
   */
  open(first) {
    this.#open = this.#begun = true;
    if (this.#held === this.#own) this.#own.open(first);
    else this.#held.open();
  }

  close() {
    this.#open = this.#begun = false;
    this.#held.close();
  }

  /**
   * Sends a notice, or drops the notice if the connection is not open.
   * @param {object} notice
   */
  send(notice) {
    this.#held.send(notice);
  }

  /** Reconnects at once if the connection is not open, because the network may be back. */
  retryNow() {
    this.#held.retryNow();
  }

  /**
   * Opens the new holder's connection, unless the holder has connected already or the connection
   * should stay closed.
   */
  begin() {
    if (this.#open && !this.#begun) this.open();
  }

  /** Reconnects, so that the server sends everything since the last keyframe again. */
  restart() {
    if (this.#begun) this.#held.restart();
    else this.begin();
  }
}
