/**
 * Keeps the connection of a room open while the page is visible and the room needs it. While the
 * page is hidden, media would pile up.
 *
 * @typedef {object} RoomLinkOptions
 * @property {import('../watch/line/room_connection.js').RoomConnection} connection
 * @property {import('./event_line.js').EventLine} events
 * @property {() => boolean} over  whether the room needs no connection any more
 * @property {() => boolean} idle  whether the room needs no connection at present
 * @property {() => boolean} held  whether the room is on standby
 * @property {() => boolean} seen  whether the picture is visible although the page is hidden
 * @property {() => void} resumed  the page is visible again: the live continues at its edge
 */

export class RoomLink {
  #options;
  #listening = new AbortController();

  /** @param {RoomLinkOptions} options */
  constructor(options) {
    this.#options = options;
    const { signal } = this.#listening;
    const visible = () => this.follow();
    window.addEventListener('online', () => options.connection.retryNow(), { signal });
    document.addEventListener('visibilitychange', visible, { signal });
    window.addEventListener('pageshow', ({ persisted }) => persisted && visible(), { signal });
    window.addEventListener('pagehide', () => this.disconnect(), { signal });
  }

  /** @param {import('../boot/preload.js').FirstSocket | null} first */
  open(first) {
    const { connection, over, idle } = this.#options;
    if (over() || idle()) return;
    connection.open(document.hidden ? null : first);
    if (document.hidden) connection.close();
  }

  /** Connects or disconnects, because the page has become visible or hidden. */
  follow() {
    const { over, seen } = this.#options;
    if (over() || (document.hidden && seen())) return;
    this.disconnect();
    this.connect();
  }

  connect() {
    const { connection, events, idle, held, resumed } = this.#options;
    if (document.hidden || idle()) return;
    connection.open();
    if (!held()) events.resume();
    resumed();
  }

  disconnect() {
    this.#options.connection.close();
    this.#options.events.suspend();
  }

  close() {
    this.#listening.abort();
  }
}
