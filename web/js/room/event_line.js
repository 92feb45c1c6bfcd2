/**
 * Receives the events of a room and sends notices to the room. Uses the WebSocket, or HTTP while
 * WebSockets are blocked.
 */
import { EventFeed } from '../watch/line/event_feed.js';
import { lateModules } from './late_modules.js';

/**
 * @typedef {object} EventLineListener
 * @property {(event: any) => void} event
 * @property {(code: string) => void} over
 * @property {() => number} lag
 * @property {() => object} quality
 */

export class EventLine {
  #feed;
  #connection;
  #environment;

  /**
   * @param {string} room
   * @param {import('../watch/line/room_connection.js').RoomConnection} connection
   * @param {EventLineListener} listener
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(room, connection, { event, ...listener }, environment) {
    this.#connection = connection;
    this.#environment = environment;
    this.#feed = new EventFeed(event, async (own) => {
      const { EventStream } = await lateModules.eventStream();
      return new EventStream(room, connection.clock, { ...own, ...listener }, this.#environment);
    });
  }

  /** @param {{channel: string}} hello */
  hello(hello) {
    this.#feed.hello(hello);
  }

  /** @param {import('../watch/line/record.js').MediaRecord} record */
  record(record) {
    this.#feed.record(record);
  }

  /** Receives the events over HTTP from now on. */
  listenWithoutWebSocket() {
    return this.#feed.listenWithoutWebSocket();
  }

  /**
   * Sends a notice. A notice that cannot be sent now is dropped.
   * @param {object} notice
   */
  send(notice) {
    if (!this.#feed.send(notice)) this.#connection.send(notice);
  }

  suspend() {
    this.#feed.suspend();
  }

  resume() {
    this.#feed.resume();
  }

  close() {
    this.#feed.close();
  }
}
