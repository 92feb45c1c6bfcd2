/**
 * The events of the creator's own room, over a WebSocket without media. The server does not count
 * this connection as a viewer.
 */
import { BROWSER } from '../page/environment.js';
import { Connection } from '../watch/line/connection.js';
import { EventFeed } from '../watch/line/event_feed.js';
import { EventStream } from '../watch/line/event_stream.js';
import { KIND } from '../watch/line/record.js';
import { watchUrl } from '../watch/line/watch_url.js';

const PLAYER = 'whep'; // the path of a viewer that gets no media over the WebSocket

export class CreatorEvents {
  #connection;
  #feed;

  /**
   * @param {string} room
   * @param {(event: any) => void} handle
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(room, handle, environment = BROWSER) {
    const quality = () => ({});
    this.#feed = new EventFeed(handle, async (listener) => {
      const more = { over: () => {}, lag: () => 0, quality };
      return new EventStream(room, this.#connection.clock, { ...listener, ...more }, environment);
    });
    this.#connection = new Connection(
      watchUrl(room, PLAYER),
      {
        hello: (hello) => this.#feed.hello(hello),
        record: (record) => record.kind === KIND.EVENT && this.#feed.record(record),
        pace: () => {},
        quality,
        down: () => {},
        failing: () => void this.#feed.listenWithoutWebSocket(),
        over: () => {},
      },
      environment,
    );
    this.#connection.open();
  }

  close() {
    this.#connection.close();
    this.#feed.close();
  }
}
