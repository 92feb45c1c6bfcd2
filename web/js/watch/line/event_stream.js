/**
 * A room's events without a WebSocket (relay/PROTOCOL.md): server-sent events, and notices by POST.
 * The browser reconnects by itself and resumes after the last event. It uses no DOM and no player.
 */
import { BROWSER } from '../../page/environment.js';

/**
 * @typedef {object} EventStreamListener
 * @property {(event: any, mediaTime: number) => void} event
 * @property {(code: string) => void} over  the server ended the stream; `code` is a RefusalCode
 * @property {() => object} quality  playback figures for the report, once a second
 */

const REPORT_EVERY = 1_000; // ms
const EXCHANGE_EVERY = 10; // reports between two time exchanges
const CLOSED = 2; // EventSource.readyState

export class EventStream {
  #url;
  #clock;
  #listener;
  #environment;
  /** @type {EventSource | null} */
  #source = null;
  #viewer = '';
  #mediaTime = 0;
  #reporter = 0;
  #reports = 0;

  /**
   * @param {string} room
   * @param {import('./server_clock.js').ServerClock} clock
   * @param {EventStreamListener} listener
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(room, clock, listener, environment = BROWSER) {
    this.#url = `/api/rooms/${encodeURIComponent(room)}`;
    this.#clock = clock;
    this.#listener = listener;
    this.#environment = environment;
  }

  /** Opens the stream, unless it is open. */
  open() {
    if (this.#source) return;
    const source = new this.#environment.EventSource(`${this.#url}/events`);
    this.#source = source;
    source.addEventListener('hello', ({ data }) => this.#greeted(JSON.parse(data)));
    source.addEventListener('message', ({ data }) => this.#received(JSON.parse(data)));
    source.addEventListener('close', ({ data }) => this.#ended(JSON.parse(data).code));
    // After a refusal a browser gives up; after a lost connection it reconnects by itself.
    source.addEventListener('error', () => source.readyState === CLOSED && this.close());
  }

  close() {
    this.#source?.close();
    this.#source = null;
    this.#viewer = '';
    this.#environment.clearInterval(this.#reporter);
    this.#reporter = 0;
  }

  /** @param {{viewer: string}} hello */
  #greeted({ viewer }) {
    this.#viewer = viewer;
    this.#reports = 0;
    this.#reporter ||= this.#environment.setInterval(() => this.#report(), REPORT_EVERY);
    void this.#exchange();
  }

  /** @param {{media_time: number, event: any}} message */
  #received({ media_time: mediaTime, event }) {
    this.#mediaTime = mediaTime;
    this.#listener.event(event, mediaTime);
  }

  /** @param {string} code */
  #ended(code) {
    if (code === 'room_ended') this.close();
    this.#listener.over(code);
  }

  #report() {
    void this.#send({ type: 'report', media_time: this.#mediaTime, ...this.#listener.quality() });
    if (++this.#reports % EXCHANGE_EVERY === 0) void this.#exchange();
  }

  async #exchange() {
    const sent = this.#environment.now();
    const answer = await this.#send({ type: 'time', id: this.#reports });
    if (answer?.type === 'time') this.#clock.add(sent, this.#environment.now(), answer.now);
  }

  /**
   * Sends a notice. A lost notice is not repeated.
   * @param {object} notice
   * @returns {Promise<any>} the answer, if any
   */
  async #send(notice) {
    const url = `${this.#url}/notices?viewer=${encodeURIComponent(this.#viewer)}`;
    try {
      const answer = await this.#environment.fetch(url, {
        method: 'POST',
        body: JSON.stringify(notice),
      });
      return answer.status === 200 ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}
