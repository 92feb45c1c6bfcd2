/**
 * A live that lasts: keeps one WHIP session alive for the same room through network changes, server restarts and sleep.
 * Every comeback is a new POST with the same key, which takes the room over (server/API.md). Knows no DOM.
 */
import { Backoff } from '../api/backoff.js';
import { SenderStats, SignsOfLife, pick } from './sender_stats.js';
import { Uplink } from './uplink.js';
import { WhipError, WhipSession } from './whip.js';

/**
 * @typedef {{endpoint: string, key: string, iceServers: RTCIceServer[]}} Door
 *
 * @typedef {object} BroadcastEvents
 * @property {(state: 'connecting' | 'live' | 'lost') => void} state
 * @property {(sample: import('./sender_stats.js').Sample) => void} sample once a second while live
 * @property {() => void} frozen  no frame has come from the camera for a while
 * @property {(reason: string) => void} full  the server takes nobody more for now; it is asked again
 * @property {(error: WhipError) => void} over  the server does not want this live any more
 */

const CONNECT_WITHIN = 10_000; // ms, at most
/** ms for the first attempt after a loss, then half as much more each time. A request on a connection that died with the network gets no answer, and a
 * browser does not notice: the next one may meet another. */
const RECONNECT_WITHIN = 1_500;
const DISCONNECTED_FOR = 2_000; // ms; "failed" would take the browser half a minute
const LOOK_EVERY = 500; // ms
const SILENT_FOR = 1_500; // ms without a byte from the server, whose reports come five times a second; with the next look that is two seconds
const DOUBTED_FOR = 800; // ms, after the browser said that the network is another
const FROZEN_FOR = 1_500; // ms without a frame from the camera

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
  #signs = new SignsOfLife(0);
  #stats = new SenderStats();
  #looks = 0;
  #doubted = false;
  #triedAt = -Infinity;
  #wasLive = false;

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
    this.#ticker = self.setInterval(() => this.#look(), LOOK_EVERY);
    this.#connect();
  }

  /**
   * Publishes another track in the place of the one of its kind, without a new session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const sender = this.#session?.pc.getSenders().find((each) => each.track?.kind === track.kind);
    await sender?.replaceTrack(track);
    this.#signs.newTrack(performance.now());
  }

  /** The network may be back, or another one: a new attempt does not wait its turn, and a connection has to prove that it still is one. */
  hurry() {
    this.#doubted = true;
    if (!this.#running || this.#live || performance.now() - this.#triedAt < 1_000) return;
    this.#backoff.reset();
    this.#connect();
  }

  /** The server says that nothing comes although all looks well from here. */
  renew() {
    if (this.#live) this.#lost();
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
    this.#running = this.#live = this.#wasLive = false;
    this.#session = null;
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    clearInterval(this.#ticker);
    return session;
  }

  async #connect() {
    clearTimeout(this.#retry);
    this.#triedAt = performance.now();
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
    const patience = this.#wasLive ? Math.min(CONNECT_WITHIN, RECONNECT_WITHIN * 1.5 ** this.#backoff.attempts) : CONNECT_WITHIN;
    this.#patience = self.setTimeout(() => this.#lost(), patience);
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
    const { message = '', retryAfter = 0 } = error instanceof WhipError ? error : {};
    this.#lost(retryAfter * 1_000);
    if (retryAfter) this.#events.full(message);
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
      this.#signs = new SignsOfLife(performance.now());
      this.#stats = new SenderStats();
      this.#doubted = false;
      this.#live = this.#wasLive = true;
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

  async #look() {
    const session = this.#session;
    if (!session || !this.#live) return;
    const report = pick(await session.pc.getStats());
    if (session !== this.#session || !this.#live) return;
    const now = performance.now();
    const { silent, frozen } = this.#signs.look(report, now);
    if (silent > (this.#doubted ? DOUBTED_FOR : SILENT_FOR)) return this.#lost();
    if (!silent) this.#doubted = false;
    if (frozen > FROZEN_FOR) this.#events.frozen();
    if (this.#looks++ % 2) return;
    const sample = this.#stats.sample(report, now);
    if (sample.estimate && this.#uplink.measure(sample.estimate)) this.#applyLevel(session);
    this.#events.sample(sample);
  }
}
