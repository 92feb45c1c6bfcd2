/**
 * A live that lasts: keeps one WHIP session alive for the same room through network changes, server restarts and sleep.
 * Every comeback is a new POST with the same key, which takes the room over (server/API.md). Knows no DOM.
 */
import { Backoff } from '../page/backoff.js';
import { Uplink } from './uplink.js';
import { WhipError, WhipSession } from './whip.js';

/**
 * @typedef {{endpoint: string, key: string, iceServers: RTCIceServer[]}} Door
 * @typedef {object} Health
 * @property {number} bitrate   bit/s sent
 * @property {number} estimate  bit/s the path is thought to carry; 0 while unknown
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} roundTrip ms; NaN while unknown
 *
 * @typedef {object} BroadcastEvents
 * @property {(state: 'connecting' | 'live' | 'lost') => void} state
 * @property {(health: Health) => void} health once a second while live
 * @property {(error: WhipError) => void} over  the server does not want this live any more
 */

const CONNECT_WITHIN = 10_000; // ms
const DISCONNECTED_FOR = 2_000; // ms; "failed" would take the browser half a minute
const SILENT_FOR = 4_000; // ms without a byte from the server, whose reports come several times a second

export class Broadcast {
  #door;
  #stream;
  #events;
  /** @type {WhipSession | null} */
  #session = null;
  #backoff = new Backoff();
  #uplink = new Uplink();
  #retry = 0;
  #patience = 0;
  #ticker = 0;
  #running = false;
  #live = false;
  #seen = { received: 0, at: 0, sent: 0, sentAt: 0 };

  /**
   * @param {Door} door
   * @param {MediaStream} stream
   * @param {BroadcastEvents} events
   */
  constructor(door, stream, events) {
    this.#door = door;
    this.#stream = stream;
    this.#events = events;
  }

  start() {
    this.#running = true;
    this.#ticker = self.setInterval(() => this.#measure(), 1_000);
    this.#connect();
  }

  /**
   * Publishes another track in the place of the one of its kind, without a new session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const sender = this.#session?.pc.getSenders().find((each) => each.track?.kind === track.kind);
    await sender?.replaceTrack(track);
  }

  /** The network may be back or another one: does not wait its turn. */
  hurry() {
    const heard = this.#live && performance.now() - this.#seen.at < 2_000;
    if (this.#running && !heard) this.#lost();
  }

  /** Leaves without a word: the room stays to be resumed. */
  close() {
    this.#stop()?.close();
  }

  /** Ends the session on the server as well. */
  async end() {
    await this.#stop()?.end();
  }

  #stop() {
    const session = this.#session;
    this.#running = this.#live = false;
    this.#session = null;
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    clearInterval(this.#ticker);
    return session;
  }

  async #connect() {
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#session?.close();
    this.#live = false;
    this.#events.state('connecting');
    const { scale, maxBitrate } = this.#uplink.level;
    const session = new WhipSession({
      ...this.#door,
      stream: this.#stream,
      encoding: { maxBitrate, maxFramerate: 30, scaleResolutionDownBy: scale },
      changed: (state) => this.#changed(session, state),
    });
    this.#session = session;
    this.#patience = self.setTimeout(() => this.#lost(), CONNECT_WITHIN);
    try {
      await this.#applyLevel(session);
      await session.open();
    } catch (error) {
      if (session === this.#session) this.#failed(error);
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof WhipError && error.final) {
      this.close();
      return this.#events.over(error);
    }
    this.#lost(error instanceof WhipError ? error.retryAfter * 1_000 : 0);
  }

  /**
   * @param {WhipSession} session
   * @param {RTCPeerConnectionState} state
   */
  #changed(session, state) {
    if (session !== this.#session) return;
    if (state === 'connected') {
      clearTimeout(this.#patience);
      this.#backoff.reset();
      this.#seen = { received: 0, at: performance.now(), sent: 0, sentAt: 0 };
      this.#live = true;
      this.#events.state('live');
    } else if (state === 'disconnected') {
      clearTimeout(this.#patience);
      this.#patience = self.setTimeout(() => this.#lost(), DISCONNECTED_FOR);
    } else if (state === 'failed' || state === 'closed') {
      this.#lost();
    }
  }

  /** @param {number} [atLeast] ms the server asked to wait */
  #lost(atLeast = 0) {
    if (!this.#running) return;
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#live = false;
    this.#session?.close();
    this.#session = null;
    this.#events.state('lost');
    this.#retry = self.setTimeout(() => this.#connect(), Math.max(atLeast, this.#backoff.next(performance.now())));
  }

  /** @param {WhipSession} session */
  async #applyLevel(session) {
    const { scale, maxBitrate, preference } = this.#uplink.level;
    const parameters = session.video?.getParameters();
    if (!session.video || !parameters?.encodings?.[0]) return;
    parameters.degradationPreference = preference;
    Object.assign(parameters.encodings[0], { maxBitrate, scaleResolutionDownBy: scale });
    // Some browsers refuse this before negotiation or know no preference: the encoding given at the start holds then.
    await session.video.setParameters(parameters).catch(() => {});
  }

  async #measure() {
    const session = this.#session;
    if (!session || !this.#live) return;
    const report = await session.pc.getStats();
    if (session !== this.#session || !this.#live) return;
    const now = performance.now();
    let [received, estimate, target, roundTrip] = [0, 0, 0, NaN];
    /** @type {any} */
    let outbound = {};
    for (const each of report.values()) {
      if (each.type === 'outbound-rtp' && each.kind === 'video') outbound = each;
      if (each.type !== 'candidate-pair' || !each.nominated) continue;
      received += each.bytesReceived ?? 0;
      estimate ||= each.availableOutgoingBitrate ?? 0;
      roundTrip = (each.currentRoundTripTime ?? NaN) * 1_000;
    }
    target = outbound.targetBitrate ?? 0;
    if (received !== this.#seen.received) Object.assign(this.#seen, { received, at: now });
    else if (received && now - this.#seen.at > SILENT_FOR) return this.#lost();
    const sent = outbound.bytesSent ?? 0;
    const bitrate = this.#seen.sentAt ? ((sent - this.#seen.sent) * 8_000) / (now - this.#seen.sentAt) : 0;
    Object.assign(this.#seen, { sent, sentAt: now });
    const path = estimate || target;
    if (path && this.#uplink.measure(path)) this.#applyLevel(session);
    const { framesPerSecond: fps = 0, frameWidth: width = 0, frameHeight: height = 0 } = outbound;
    this.#events.health({ bitrate, estimate: path, fps, width, height, roundTrip });
  }
}
