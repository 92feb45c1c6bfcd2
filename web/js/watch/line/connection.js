/**
 * A viewer's WebSocket (relay/PROTOCOL.md). Receives the hello and the records, sends reports,
 * measures the server's clock, and reconnects after every loss. This module uses no DOM and no
 * player.
 */
import { BROWSER } from '../../page/environment.js';
import { Backoff } from '../../api/backoff.js';
import { KIND, parseRecords } from './record.js';
import { ServerClock } from './server_clock.js';
import { onStandby } from './watch_url.js';

/**
 * @typedef {import('./record.js').MediaRecord} MediaRecord
 * @typedef {{slot: number, track: 'video' | 'audio', codec: string, width?: number, height?:
 *   number}} TrackInfo
 * @typedef {{type: 'hello', version: number, stream: string,
 *   channel: string, now: number, tracks: TrackInfo[]}}
 *   Hello
 * @typedef {{type: 'pace', pace: 'full' | 'reference' | 'key', dropped: number}} Pace
 *
 * @typedef {object} Listener
 * @property {(hello: Hello) => void} hello
 * @property {(record: MediaRecord, arrival: number) => void} record   arrival in local ms
 * @property {(pace: Pace) => void} pace
 * @property {() => object | null} quality  playback figures for the report, once a second; null
 *   sends no report
 * @property {() => void} down     the connection is lost; another attempt follows
 * @property {(attempts: number) => void} failing  several attempts failed: the HTTP API may say why
 * @property {(code: number, reason: string) => void} over  the server closed the connection for
 *   good (4403, 4410, 4415)
 */

const CLOSED_FOR_GOOD = [4403, 4410, 4415];
const CLOSED_FOR_MISTAKE = [1007, 1008, 1009];
const TICK = 250; // ms
const PATIENCE = 5_000; // maximum time for a handshake, ms
const PROBE_EVERY = 600; // ms
const [QUIET, IDLE, HELD] = [900, 4_000, 9_000]; // ms of silence before a request tests the network
const [CONNECTING, OPEN] = [0, 1]; // WebSocket.readyState

export class Connection {
  clock = new ServerClock();
  /** Whether media is expected. If so, a second without data means that the network may be down. */
  lively = true;
  /** The URL for the next attempt to connect. */
  url;
  #listener;
  #environment;
  #standby = false;
  /** Whether the server has the socket on standby. */
  #heldThere = false;
  /** @type {WebSocket | null} */
  #socket = null;
  #backoff = new Backoff();
  #dialled = 0;
  #probed = false;
  #probedAt = 0;
  #heard = 0;
  #exchanges = 0;
  #exchangeId = 0;
  /** @type {Map<number, number>} */
  #asked = new Map();
  #askedAt = 0;
  #reportedAt = 0;
  /** Newest media time received for slot 0, µs. */
  #newest = -Infinity;
  #redial = 0;
  #ticker = 0;
  #tickedAt = 0;
  bytes = 0;

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(url, listener, environment = BROWSER) {
    this.#environment = environment;
    this.url = url;
    this.#listener = listener;
  }

  /**
   * @param {import('../../boot/preload.js').FirstSocket | null} [first] a socket that is open or
   * opening
   */
  open(first) {
    this.#tickedAt = this.#now;
    this.#ticker ||= this.#environment.setInterval(() => this.#tick(this.#now), TICK);
    if (!first || first.socket.readyState > OPEN) return this.#dial();
    this.#adopt(first.socket, first.dialled);
    for (const { data, at } of first.received.splice(0)) this.#received(data, at);
  }

  /**
   * Closes the connection until `open` is called. Call this if the page is hidden or the room has
   * ended.
   */
  close() {
    this.#environment.clearInterval(this.#ticker);
    this.#environment.clearTimeout(this.#redial);
    this.#ticker = this.#redial = 0;
    this.#hangUp();
    this.#backoff.reset();
  }

  /**
   * Begins or ends the standby: a connection on standby gets keyframes and late events, and sends no
   * reports.
   * @param {boolean} standby
   */
  set standby(standby) {
    this.#standby = standby;
    this.#hold();
  }

  /** Reconnects at once if the connection is not open, because the network may be back. */
  retryNow() {
    if (this.#ticker && this.#socket?.readyState !== OPEN) this.#dial();
  }

  /** Reconnects, so that the server sends everything since the last keyframe again. */
  restart() {
    if (this.#ticker) this.#dial();
  }

  /**
   * Sends a notice, or drops the notice if the connection is not open.
   * @param {object} notice
   */
  send(notice) {
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(notice));
  }

  get #now() {
    return this.#environment.now();
  }

  #hangUp() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #dial() {
    this.#environment.clearTimeout(this.#redial);
    this.#redial = 0;
    this.#hangUp();
    const url = this.#standby ? onStandby(this.url) : this.url;
    const socket = new this.#environment.WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#adopt(socket, this.#now, this.#standby);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} dialled
   * @param {boolean} [heldThere]
   */
  #adopt(socket, dialled, heldThere = false) {
    this.#socket = socket;
    this.#heldThere = heldThere;
    this.#dialled = this.#heard = dialled;
    this.#asked.clear();
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(data, this.#now);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    if (socket.readyState === OPEN) this.#opened();
  }

  #opened() {
    this.#probed = false;
    this.#heard = this.#now;
    this.#exchanges = 0;
    this.#hold();
    this.#exchange();
  }

  /** Tells the server if the standby has begun or ended. */
  #hold() {
    if (this.#socket?.readyState !== OPEN || this.#heldThere === this.#standby) return;
    this.#heldThere = this.#standby;
    // Report no media time of the keyframes: the viewer would count as far behind.
    this.#newest = -Infinity;
    this.send({ type: 'hold', on: this.#standby });
  }

  /**
   * @param {number} code
   * @param {string} [reason]
   */
  #lost(code, reason = '') {
    this.#probed = false;
    this.#hangUp();
    if (CLOSED_FOR_GOOD.includes(code)) {
      this.close();
      return this.#listener.over(code, reason);
    }
    this.#listener.down();
    const wait = CLOSED_FOR_MISTAKE.includes(code) ? 5_000 : this.#backoff.next(this.#now);
    if (this.#backoff.attempts % 4 === 3) this.#listener.failing(this.#backoff.attempts);
    this.#redial = this.#environment.setTimeout(() => this.#dial(), wait);
  }

  /**
   * @param {string | ArrayBuffer} data
   * @param {number} at ms
   */
  #received(data, at) {
    this.#heard = at;
    if (typeof data === 'string') return this.#notice(JSON.parse(data), at);
    this.bytes += data.byteLength;
    for (const record of parseRecords(data)) {
      if (record.kind === KIND.MEDIA && record.slot === 0)
        this.#newest = Math.max(this.#newest, record.mediaTime);
      this.#listener.record(record, at);
    }
  }

  /**
   * @param {any} notice
   * @param {number} at
   */
  #notice(notice, at) {
    if (notice.type === 'hello') {
      this.#newest = -Infinity;
      this.#backoff.reset();
      this.#listener.hello(notice);
    } else if (notice.type === 'time') {
      const asked = this.#asked.get(notice.id);
      if (asked === undefined) return;
      this.clock.add(asked, at, notice.now);
      this.#asked.clear();
      // Of four exchanges in a row, at least one is likely to meet no queue.
      if (++this.#exchanges < 4) this.#exchange();
    } else if (notice.type === 'pace') {
      this.#listener.pace(notice);
    }
  }

  #exchange() {
    this.#askedAt = this.#now;
    this.#asked.set(++this.#exchangeId, this.#askedAt);
    this.send({ type: 'time', id: this.#exchangeId });
  }

  /** @param {number} now */
  #tick(now) {
    // The page may have stood still, and handles the data that arrived meanwhile only after this
    // tick. So the time for which the page stood still does not count.
    const stood = Math.max(0, now - this.#tickedAt - TICK);
    this.#tickedAt = now;
    this.#askedAt = Math.min(now, this.#askedAt + stood);
    this.#dialled = Math.min(now, this.#dialled + stood);
    const socket = this.#socket;
    if (!socket) return;
    if (socket.readyState !== OPEN) {
      if (now - this.#dialled > PATIENCE) this.#lost(0);
      else if (now - this.#dialled > PROBE_EVERY) this.#probe(socket, now);
      return;
    }
    const silence = now - this.#heard;
    // Silence alone does not prove a loss, because the creator may be away. A request without an
    // answer proves the loss.
    const unanswered = this.#asked.size > 0 && now - this.#askedAt > 1_000;
    if (unanswered && silence > 1_000) return this.#lost(0);
    const allowed = this.#standby ? HELD : this.lively ? QUIET : IDLE;
    if (now - this.#askedAt > 10_000 || (silence > allowed && !this.#asked.size)) this.#exchange();
    if (this.#standby) return;
    if (now - this.#reportedAt >= 1_000 - TICK / 2 && this.#newest > -Infinity) {
      this.#reportedAt = now;
      const quality = this.#listener.quality();
      if (quality) this.send({ type: 'report', media_time: this.#newest, ...quality });
    }
  }

  /**
   * Tests the network with a small HTTP request. If the server answers the request, replaces the
   * pending WebSocket handshake with a new handshake. The reason: a handshake that began on a dead
   * network would wait for retransmissions even after the network has returned. The old handshake
   * is closed first, because a browser opens only one WebSocket at a time. Each attempt to connect
   * gets at most one new handshake.
   * @param {WebSocket} socket
   * @param {number} now
   */
  async #probe(socket, now) {
    if (this.#probed || now - this.#probedAt < PROBE_EVERY) return;
    this.#probedAt = now;
    try {
      await this.#environment.fetch('/healthz', {
        cache: 'no-store',
        signal: this.#environment.timeoutSignal(PROBE_EVERY),
      });
    } catch {
      return;
    }
    if (socket !== this.#socket || socket.readyState !== CONNECTING) return;
    this.#probed = true;
    this.#dial();
  }
}
