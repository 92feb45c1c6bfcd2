/**
 * Keeps a creator live through network changes, restarts of the server and standby of the device.
 * If the connection is in doubt, ICE restarts: the same session continues on a new path. If the
 * connection is lost, a new WHIP session begins. Each attempt is a new POST with the same key, and
 * the new session replaces the previous session (server/API.md). When the server asks the creator to
 * move, the present session goes on until the new one is connected. This module uses no DOM.
 */
import { Backoff } from '../api/backoff.js';
import { BROWSER } from '../page/environment.js';
import { BroadcastEvent, BroadcastState, TRANSITIONS } from './broadcast_state.js';
import { ProbeSchedule } from './probe_schedule.js';
import { Liveness, SenderStats, pick } from './sender_stats.js';
import { Uplink } from './uplink.js';
import { WhipError, WhipSession } from './whip.js';

/**
 * @typedef {import('./broadcast_state.js').State} State
 * @typedef {import('./broadcast_state.js').Event} Event
 * @typedef {import('../page/environment.js').Environment} Environment
 *
 * @typedef {{endpoint: string, key: string, iceServers: RTCIceServer[]}} Target
 *
 * @typedef {object} BroadcastListener
 * @property {(state: State, before: State) => void} state
 * @property {(sample: import('./sender_stats.js').Sample) => void} sample once a second while
 *   connected
 * @property {() => void} frozen  the camera has produced no frame for a while
 * @property {(error: WhipError, wait: number) => void} refused the server refuses the broadcast at
 *   present; the next attempt is in `wait` ms
 * @property {(error: WhipError) => void} over  the server has refused the broadcast for good; the
 *   broadcast is closed
 */

const CONNECT_WITHIN = 10_000; // ms, at most
/**
 * Time limit for the first attempt to reconnect, ms. Each further attempt multiplies the limit by
 * 1.5, until an attempt succeeds or the network changes. The first limit is short, because the
 * first request may use a dead TCP connection and then gets neither an answer nor an error. The
 * next request may use a new TCP connection.
 */
const RECONNECT_WITHIN = 1_500;
/**
 * Maximum time in the ICE state "disconnected", ms. Browsers change to "failed" only after 30 s. A
 * restart of ICE needs this time on a slow mobile network.
 */
const DISCONNECTED_FOR = 2_500;
/**
 * Time without data from the server after which ICE restarts, ms. The server sends RTCP reports five
 * times a second.
 */
const SILENT_AFTER = 800;
const CHECK_EVERY = 500; // ms
/**
 * Maximum time without data from the server, ms. After this time, the connection counts as lost:
 * a lost network is detected within two seconds.
 */
const SILENT_FOR = 1_500;
/**
 * The same if the server has agreed to restart ICE during the silence. On a slow mobile network, the
 * new path needs this time.
 */
const RESTARTED_FOR = 2_500;
/** @type {ReadonlySet<State>} the states in which the broadcast has a connection */
const LINKED = new Set([BroadcastState.LIVE, BroadcastState.DOUBTED, BroadcastState.DISCONNECTED]);
const FROZEN_FOR = 1_500; // ms without a frame after which the camera counts as frozen
const ATTEMPT_EVERY = 1_000; // minimum time between two attempts that network changes cause, ms

export class Broadcast {
  #target;
  #stream;
  #listener;
  #environment;
  /** @type {State} */
  #state = BroadcastState.IDLE;
  /** @type {WhipSession | null} */
  #session = null;
  /** @type {WhipSession | null} the session that will replace the present session */
  #next = null;
  #nextDeadline = 0;
  #backoff = new Backoff();
  #uplink = new Uplink();
  #deadline = 0;
  #ticker = 0;
  #checks = 0;
  #liveness = new Liveness(0);
  #stats = new SenderStats();
  #probes = new ProbeSchedule();
  #restarted = false; // whether the server has agreed to restart ICE during the silence
  #triedAt = -Infinity;
  #notBefore = -Infinity; // earliest time at which the server allows the next attempt, ms

  /**
   * @param {Target} target
   * @param {MediaStream} stream
   * @param {BroadcastListener} listener
   * @param {Environment} [environment]
   */
  constructor(target, stream, listener, environment = BROWSER) {
    this.#target = target;
    this.#stream = stream;
    this.#listener = listener;
    this.#environment = environment;
  }

  get state() {
    return this.#state;
  }

  start() {
    this.#happen(BroadcastEvent.START);
  }

  /**
   * Publishes `track` instead of the current track of the same kind, in the same session.
   * @param {MediaStreamTrack} track
   */
  async replaceTrack(track) {
    const senders = [this.#session, this.#next]
      .flatMap((session) => session?.pc.getSenders() ?? [])
      .filter((sender) => sender.track?.kind === track.kind);
    await Promise.all(senders.map((sender) => sender.replaceTrack(track)));
    this.#liveness.newTrack(this.#environment.now());
  }

  /**
   * Tells the broadcast that the browser has reported a network change. An existing connection
   * restarts ICE. Without a connection, the next attempt to connect starts at once.
   */
  networkChanged() {
    this.#happen(BroadcastEvent.NETWORK_CHANGED);
    const now = this.#environment.now();
    if (LINKED.has(this.#state) || now < this.#notBefore || now - this.#triedAt < ATTEMPT_EVERY)
      return;
    this.#backoff.reset();
    this.#happen(BroadcastEvent.RETRY);
  }

  /**
   * Replaces the session with a new session. Call this if the server receives no media although the
   * connection seems to work.
   */
  renew() {
    if (LINKED.has(this.#state)) this.#happen(BroadcastEvent.FAILED);
  }

  /**
   * Opens a new session, which replaces the present session once it is connected. Call this if the
   * server asks for it; an attempt that fails changes nothing.
   */
  move() {
    if (!LINKED.has(this.#state) || this.#next) return;
    this.#nextDeadline = this.#environment.setTimeout(() => this.#stay(), CONNECT_WITHIN);
    this.#open(
      (session) => (this.#next = session),
      (_, session) => session === this.#next && this.#stay(),
    );
  }

  /**
   * Closes the connection without ending the session on the server, so that the room can be
   * resumed.
   */
  close() {
    this.#leave()?.close();
  }

  /** Closes the connection and ends the session on the server. */
  async end() {
    await this.#leave()?.end();
  }

  #leave() {
    const session = this.#session;
    this.#session = null;
    this.#dropNext();
    this.#happen(BroadcastEvent.CLOSE);
    return session;
  }

  /**
   * Handles an event. No other method changes the state.
   * @param {Event} event
   * @param {number} [atLeast] minimum wait before the next attempt, as the server requested, ms
   */
  #happen(event, atLeast = 0) {
    const before = this.#state;
    const state = TRANSITIONS[before][event];
    if (!state) return;
    this.#state = state;
    this.#environment.clearTimeout(this.#deadline);
    if (state !== before) this.#listener.state(state, before);
    if (this.#state === state) this.#enter(state, before, event, atLeast);
  }

  /**
   * @param {State} state
   * @param {State} before
   * @param {Event} event
   * @param {number} atLeast ms
   */
  #enter(state, before, event, atLeast) {
    const now = this.#environment.now();
    switch (state) {
      case BroadcastState.CONNECTING:
        if (event === BroadcastEvent.START)
          this.#ticker = this.#environment.setInterval(() => this.#check(), CHECK_EVERY);
        this.#within(CONNECT_WITHIN, BroadcastEvent.FAILED);
        this.#connect();
        break;
      case BroadcastState.RECONNECTING:
        this.#within(
          Math.min(CONNECT_WITHIN, RECONNECT_WITHIN * 1.5 ** this.#backoff.attempts),
          BroadcastEvent.FAILED,
        );
        this.#connect();
        break;
      case BroadcastState.WAITING:
      case BroadcastState.LOST:
        this.#session?.close();
        this.#session = null;
        this.#dropNext();
        this.#notBefore = now + atLeast;
        this.#within(Math.max(atLeast, this.#backoff.next(now)), BroadcastEvent.RETRY);
        break;
      case BroadcastState.LIVE:
        if (event !== BroadcastEvent.CONNECTED) break;
        this.#backoff.reset();
        this.#restarted = false;
        this.#liveness = new Liveness(now);
        this.#stats = new SenderStats();
        this.#probes = new ProbeSchedule();
        break;
      case BroadcastState.DOUBTED:
        // Only another network makes the requests of a running restart useless.
        if (event === BroadcastEvent.NETWORK_CHANGED || !this.#session?.restarting) this.#restart();
        break;
      case BroadcastState.DISCONNECTED:
        this.#within(DISCONNECTED_FOR, BroadcastEvent.FAILED);
        // The doubt has restarted ICE already.
        if (before !== BroadcastState.DOUBTED) this.#restart();
        break;
      case BroadcastState.CLOSED:
        this.#environment.clearInterval(this.#ticker);
    }
  }

  /**
   * Handles `event` after `ms`, unless another event comes first.
   * @param {number} ms
   * @param {Event} event
   */
  #within(ms, event) {
    this.#deadline = this.#environment.setTimeout(() => this.#happen(event), ms);
  }

  #connect() {
    this.#triedAt = this.#environment.now();
    this.#session?.close();
    this.#session = null;
    this.#dropNext();
    this.#open(
      (session) => (this.#session = session),
      (error, session) => session === this.#session && this.#failed(error),
    );
  }

  /**
   * Opens a new session.
   * @param {(session: WhipSession) => void} keep called with the session before its first request
   * @param {(error: unknown, session: WhipSession | null) => void} failed
   */
  async #open(keep, failed) {
    const { scale, maxBitrate } = this.#uplink.level;
    /** @type {WhipSession | null} */
    let session = null;
    try {
      session = new WhipSession({
        ...this.#target,
        stream: this.#stream,
        encoding: { maxBitrate, maxFramerate: 30, scaleResolutionDownBy: scale },
        changed: (state) => this.#changed(session, state),
        environment: this.#environment,
      });
      keep(session);
      await this.#applyLevel(session);
      await session.open();
    } catch (error) {
      failed(error, session);
    }
  }

  /** Replaces the present session with the next one, which is connected. */
  #adopt() {
    const former = this.#session;
    this.#session = this.#next;
    this.#next = null;
    this.#environment.clearTimeout(this.#nextDeadline);
    former?.close();
    this.#happen(BroadcastEvent.CONNECTED);
  }

  /** Keeps the present session, because the next one has failed. */
  #stay() {
    this.#dropNext();
    const state = this.#session?.pc.connectionState;
    if (state && state !== 'connected') this.#changed(this.#session, state);
  }

  #dropNext() {
    this.#environment.clearTimeout(this.#nextDeadline);
    this.#next?.close();
    this.#next = null;
  }

  /** Whether there is a connection that may be lost. */
  get #doubted() {
    return LINKED.has(this.#state) && this.#state !== BroadcastState.LIVE;
  }

  /**
   * Restarts ICE. If the server refuses, the session fails. If the server cannot be reached, the
   * silence decides.
   */
  async #restart() {
    const session = this.#session;
    try {
      await session?.restart();
      if (this.#doubted && session === this.#session) this.#restarted = true;
    } catch (error) {
      const reached = !(error instanceof WhipError) || error.status !== 0;
      if (reached && this.#doubted && session === this.#session)
        this.#happen(BroadcastEvent.FAILED);
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (!(error instanceof WhipError)) return this.#happen(BroadcastEvent.FAILED);
    if (error.final) {
      this.close();
      return this.#listener.over(error);
    }
    const wait = error.retryAfter * 1_000;
    this.#happen(BroadcastEvent.FAILED, wait);
    if (error.status) this.#listener.refused(error, wait);
  }

  /**
   * @param {WhipSession | null} session
   * @param {RTCPeerConnectionState} state
   */
  #changed(session, state) {
    if (session === this.#next) {
      if (state === 'connected') this.#adopt();
      else if (state === 'failed' || state === 'closed') this.#stay();
      return;
    }
    // The server ends the present session as soon as the next one is connected there.
    if (session !== this.#session || this.#next) return;
    if (state === 'connected') this.#happen(BroadcastEvent.CONNECTED);
    else if (state === 'disconnected') this.#happen(BroadcastEvent.DISCONNECTED);
    else if (state === 'failed' || state === 'closed') this.#happen(BroadcastEvent.FAILED);
  }

  /** @param {WhipSession} session */
  async #applyLevel(session) {
    const { scale, maxBitrate, preference } = this.#uplink.level;
    const parameters = session.video?.getParameters();
    if (!session.video || !parameters?.encodings?.[0]) return;
    parameters.degradationPreference = preference;
    Object.assign(parameters.encodings[0], { maxBitrate, scaleResolutionDownBy: scale });
    // Some browsers reject these parameters before negotiation, or lack degradationPreference. Then
    // the values in `sendEncodings` apply.
    await session.video.setParameters(parameters).catch(() => {});
  }

  /**
   * Checks the connection and the camera. Called twice a second. Once a second, also reports the
   * figures to the listener.
   */
  async #check() {
    const session = this.#session;
    if (!session || !LINKED.has(this.#state)) return;
    const stats = await session.pc.getStats().catch(() => null);
    if (!stats || session !== this.#session || !LINKED.has(this.#state)) return;
    const now = this.#environment.now();
    const report = pick(stats);
    const { silent, frozen } = this.#liveness.read(report, now);
    if (!silent) this.#restarted = false;
    if (silent >= (this.#restarted ? RESTARTED_FOR : SILENT_FOR))
      return this.#happen(BroadcastEvent.FAILED);
    if (!silent) this.#happen(BroadcastEvent.HEARD);
    else if (silent >= SILENT_AFTER) this.#happen(BroadcastEvent.SILENT);
    if (frozen > FROZEN_FOR) this.#listener.frozen();
    if (this.#checks++ % 2) return;
    const sample = this.#stats.sample(report, now);
    if (sample.estimate && this.#uplink.measure(sample.estimate)) this.#applyLevel(session);
    if (this.#probes.measure(report.pair.availableOutgoingBitrate, session.maxEstimate))
      session.probe();
    this.#listener.sample(sample);
  }
}
