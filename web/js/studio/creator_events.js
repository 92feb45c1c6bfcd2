/**
 * The events of the creator's own room, over a WebSocket without media. The server does not count
 * this connection as a viewer.
 */
import { BROWSER } from '../page/environment.js';
import { Connection } from '../watch/line/connection.js';
import { EdgeClock } from '../watch/line/edge_clock.js';
import { EventFeed } from '../watch/line/event_feed.js';
import { EventStream } from '../watch/line/event_stream.js';
import { KIND } from '../watch/line/record.js';
import { watchUrl } from '../watch/line/watch_url.js';

const PLAYER = 'whep'; // a playback path whose WebSocket carries no media

export class CreatorEvents {
  #connection;
  #feed;
  #edge = new EdgeClock();
  #stream = '';
  #environment;

  /**
   * @param {string} room
   * @param {object} listener
   * @param {() => void} listener.open  the connection is open, for the first time or again
   * @param {(event: any) => void} listener.event
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(room, { open, event }, environment = BROWSER) {
    this.#environment = environment;
    const quality = () => null; // the studio does not count as a viewer
    this.#feed = new EventFeed(event, async (listener) => {
      const more = { over: () => {}, lag: () => 0, quality };
      return new EventStream(room, this.#connection.clock, { ...listener, ...more }, environment);
    });
    this.#connection = new Connection(
      watchUrl(room, PLAYER),
      {
        hello: (hello) => {
          if (hello.stream !== this.#stream) this.#edge.reset();
          this.#stream = hello.stream;
          this.#feed.hello(hello);
          open();
        },
        record: (record) => {
          if (record.kind !== KIND.INIT) this.#edge.add(environment.now(), record.mediaTime);
          if (record.kind === KIND.EVENT) this.#feed.record(record);
        },
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

  /** Media time of the live edge, µs; NaN while unknown. */
  get mediaTime() {
    return this.#edge.at(this.#environment.now());
  }

  /**
   * Sends a notice to the room. A notice that cannot be sent now is dropped.
   * @param {object} notice
   */
  send(notice) {
    if (!this.#feed.send(notice)) this.#connection.send(notice);
  }

  close() {
    this.#connection.close();
    this.#feed.close();
  }
}
