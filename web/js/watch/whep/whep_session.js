/**
 * One WHEP session (draft-ietf-wish-whep): a stream played over WebRTC. This module uses no DOM and
 * never reconnects; the player starts a new session.
 */
import { FRAGMENT, IceRestarts } from '../../api/ice_restart.js';
import { iceServersOf } from '../../api/ice_servers.js';
import { BROWSER } from '../../page/environment.js';
import { refusalOf } from '../../page/refusals.js';

const TIMEOUT = 8_000; // maximum time for an answer, ms

/** Thrown if the endpoint refuses a request or cannot be reached (status 0). */
export class WhepError extends Error {
  status;
  code;

  /**
   * @param {string} message
   * @param {number} status
   * @param {string} [code] the refusal's code
   */
  constructor(message, status, code = '') {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Whether the room exists but is not live yet. */
  get early() {
    return this.status === 409;
  }

  /** Whether this browser can never play by WHEP, most likely because it has no H.264. */
  get final() {
    return [400, 406, 415, 422].includes(this.status);
  }
}

/**
 * @typedef {object} WhepOptions
 * @property {string} endpoint
 * @property {(track: MediaStreamTrack) => void} track
 * @property {(state: RTCPeerConnectionState) => void} changed
 * @property {boolean} loose  whether the page synchronises audio and video, instead of the browser
 */

export class WhepSession {
  pc;
  #options;
  #environment;
  #location = '';
  #closed = false;
  #restarts;

  /**
   * @param {WhepOptions} options
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(options, environment = BROWSER) {
    this.#environment = environment;
    this.#restarts = new IceRestarts(environment);
    this.#options = options;
    this.pc = new environment.RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.pc.onconnectionstatechange = () => options.changed(this.pc.connectionState);
    for (const kind of ['video', 'audio']) this.pc.addTransceiver(kind, { direction: 'recvonly' });
    this.pc.ontrack = ({ track, receiver }) => {
      // Start with the smallest buffer. The browser enlarges the buffer when packets are late.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      options.track(track);
    };
  }

  /**
   * Sends the offer without candidates, because the browser's STUN checks tell the server the
   * browser's address. The browser gathers candidates after the answer, because the answer names
   * the ICE servers and contains their credentials.
   * @throws {WhepError}
   */
  async open() {
    const offer = await this.pc.createOffer();
    const response = await this.#request('POST', this.#options.endpoint, {
      headers: { 'Content-Type': 'application/sdp' },
      body: offer.sdp,
    });
    this.#location = new URL(response.headers.get('Location') ?? '', response.url).href;
    const sdp = await response.text();
    if (this.#closed) return this.#delete();
    const iceServers = iceServersOf(response.headers.get('Link'));
    if (iceServers.length) this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
    await this.pc.setLocalDescription(offer);
    if (this.#closed) return;
    await this.pc.setRemoteDescription({
      type: 'answer',
      sdp: this.#options.loose ? parted(sdp) : sdp,
    });
  }

  /** Whether an ICE restart is running. */
  get restarting() {
    return this.#restarts.running;
  }

  /**
   * Restarts ICE: the connection moves to a new path, for example in another network. If this
   * fails, the connection stays as it was.
   * @throws {WhepError}
   */
  async restart() {
    if (!this.pc.remoteDescription || this.#closed) return;
    await this.#restarts.restart(this.pc, async (fragment, restart, within, credentials) => {
      const controller = new AbortController();
      const abort = () => controller.abort();
      restart.addEventListener('abort', abort);
      const deadline = this.#environment.setTimeout(abort, within);
      const { signal } = controller;
      const headers = { 'Content-Type': FRAGMENT, 'If-Match': '*' };
      try {
        const options = { headers, body: fragment, signal, credentials };
        const response = await this.#request('PATCH', this.#location, options);
        return await response.text().catch(() => {
          throw unreachable();
        });
      } finally {
        this.#environment.clearTimeout(deadline);
      }
    });
  }

  /** Ends the session. Closing the connection sends DTLS close_notify, so no DELETE is needed. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#restarts.cancel();
    this.pc.onconnectionstatechange = this.pc.ontrack = null;
    if (this.pc.connectionState !== 'connected') this.#delete();
    this.pc.close();
  }

  /**
   * Sets the minimum delay of each jitter buffer, in browsers that allow it.
   * @param {import('./lip_sync.js').Targets} targets ms
   */
  hold(targets) {
    for (const receiver of this.pc.getReceivers()) {
      if ('jitterBufferTarget' in receiver)
        receiver.jitterBufferTarget =
          receiver.track.kind === 'audio' ? targets.audio : targets.video;
    }
  }

  /**
   * The newest audio that has left the jitter buffer: its RTP timestamp, and the time at which it
   * left the buffer (`at`, ms of the page's clock).
   * @returns {{at: number, rtpTimestamp: number} | null} null before the first audio
   */
  get heard() {
    const [source] =
      this.pc
        .getReceivers()
        .find(({ track }) => track.kind === 'audio')
        ?.getSynchronizationSources() ?? [];
    return source
      ? { at: source.timestamp - performance.timeOrigin, rtpTimestamp: source.rtpTimestamp }
      : null;
  }

  #delete() {
    if (this.#location) this.#request('DELETE', this.#location).catch(() => {});
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {RequestInit} [options]
   * @throws {WhepError}
   */
  async #request(method, url, options = {}) {
    let response;
    try {
      response = await this.#environment.fetch(url, {
        method,
        keepalive: method === 'DELETE',
        signal: this.#environment.timeoutSignal(TIMEOUT),
        ...options,
      });
    } catch {
      throw unreachable();
    }
    if (response.ok) return response;
    const { text, code } = refusalOf(await response.text().catch(() => ''));
    throw new WhepError(text || `status ${response.status}`, response.status, code);
  }
}

const unreachable = () => new WhepError('the server cannot be reached', 0);

/**
 * Returns the SDP with the audio moved to a separate stream (msid, RFC 8830). A browser
 * synchronises the tracks of one stream, but not the tracks of separate streams.
 * @param {string} sdp
 */
const parted = (sdp) => sdp.replace(/^a=msid:\S+ audio$/m, 'a=msid:sound audio');
