/**
 * Receives a room's events without a WebSocket, as server-sent events, and sends notices by POST
 * (relay/PROTOCOL.md). The browser reconnects by itself and resumes after the last event. This
 * module uses no DOM and no player.
 */
import { BROWSER } from '../../page/environment.js';
import { EdgeClock } from './edge_clock.js';

/**
 * @typedef {object} EventStreamListener
 * @property {(hello: {channel: string, stream: string}) => void} hello
 * @property {(event: any, sequence: number) => void} event
 * @property {(code: string) => void} over  the server ended the stream; `code` is a RefusalCode
 * @property {() => number} lag      ms between the live edge and the frame on the screen; NaN while
 *   unknown
 * @property {() => object | null} quality  playback figures for the report, once a second; null
 *   sends no report
 */

const REPORT_EVERY = 1_000; // ms
const EXCHANGE_EVERY = 10; // number of reports between two time exchanges
const UNKNOWN = -1; // sent as the media time while the viewer's media time is unknown
const CLOSED = 2; // EventSource.readyState

export class EventStream {
  #url;
  #clock;
  #listener;
  #environment;
  /** @type {EventSource | null} */
  #source = null;
  #viewer = '';
  #stream = '';
  #edge = new EdgeClock();
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

  /** Opens the event stream, unless it is open. */
  open() {
    if (this.#source) return;
    const source = new this.#environment.EventSource(`${this.#url}/events`);
    this.#source = source;
    source.addEventListener('hello', ({ data }) => this.#greeted(JSON.parse(data)));
    source.addEventListener('message', ({ data, lastEventId }) =>
      this.#received(JSON.parse(data), lastEventId),
    );
    source.addEventListener('close', ({ data }) => this.#ended(JSON.parse(data).code));
    // After a refusal, the browser never tries again. After a lost connection, the browser
    // reconnects by itself.
    source.addEventListener('error', () => source.readyState === CLOSED && this.close());
  }

  close() {
    this.#source?.close();
    this.#source = null;
    this.#viewer = '';
    this.#environment.clearInterval(this.#reporter);
    this.#reporter = 0;
  }

  /**
   * Sends a notice, or drops the notice if the server has not said hello yet.
   * @param {object} notice
   */
  send(notice) {
    if (this.#viewer) void this.#send(notice);
  }

  /** @param {{viewer: string, channel: string, stream: string}} hello */
  #greeted(hello) {
    this.#viewer = hello.viewer;
    if (hello.stream !== this.#stream) this.#edge.reset();
    this.#stream = hello.stream;
    this.#listener.hello(hello);
    this.#reports = 0;
    this.#reporter ||= this.#environment.setInterval(() => this.#report(), REPORT_EVERY);
    void this.#exchange();
  }

  /**
   * @param {{media_time: number, event: any}} message
   * @param {string} id `{channel}-{sequence}`
   */
  #received({ media_time: mediaTime, event }, id) {
    this.#edge.add(this.#environment.now(), mediaTime);
    this.#listener.event(event, Number(id.slice(id.lastIndexOf('-') + 1)));
  }

  /** @param {string} code */
  #ended(code) {
    if (code === 'room_ended') this.close();
    this.#listener.over(code);
  }

  /**
   * Media time of the frame on the screen, µs; UNKNOWN before the first event. An unknown lag
   * counts as 0, because WHEP plays at the live edge.
   */
  get #mediaTime() {
    const edge = this.#edge.at(this.#environment.now());
    return Number.isNaN(edge) ? UNKNOWN : Math.round(edge - (this.#listener.lag() || 0) * 1_000);
  }

  #report() {
    const quality = this.#listener.quality();
    if (quality) void this.#send({ type: 'report', media_time: this.#mediaTime, ...quality });
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
