/**
 * One WHIP session (RFC 9725): publishes a stream of this browser to an endpoint. This module uses
 * no DOM and never reconnects; `Broadcast` starts a new session when a session is lost.
 */
import { FRAGMENT, IceRestarts, fragmentOf } from '../api/ice_restart.js';
import { iceServersOf } from '../api/ice_servers.js';
import { BROWSER } from '../page/environment.js';
import { refusalOf } from '../page/refusals.js';

const REQUEST_WITHIN = 8_000; // ms
const TRICKLE_AFTER = 50; // ms to wait for more candidates: one PATCH sends a group of them
const ARRIVAL_TIMES = /^a=rtcp-fb:\S+ transport-cc/m;
// The line of an answer that sets the maximum of the browser's estimate, bit/s (RFC 3890).
const MAX_ESTIMATE = /^(b=TIAS:)(\d+)/m;

/** Thrown if the endpoint refuses a request or cannot be reached (status 0). */
export class WhipError extends Error {
  status;
  code;
  retryAfter;

  /**
   * @param {string} message
   * @param {number} status
   * @param {{code?: string, retryAfter?: number}} [more] `code` of the refusal, '' if unknown;
   *   `retryAfter` in s
   */
  constructor(message, status, { code = '', retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /**
   * Whether another attempt is useless: the room or the key is wrong, or the offer is not accepted.
   */
  get final() {
    return [400, 401, 403, 404, 406, 409, 410, 415, 422].includes(this.status);
  }
}

/**
 * @typedef {object} WhipOptions
 * @property {string} endpoint
 * @property {string} key
 * @property {RTCIceServer[]} iceServers
 * @property {MediaStream} stream
 * @property {RTCRtpEncodingParameters} encoding
 * @property {(state: RTCPeerConnectionState) => void} changed
 * @property {import('../page/environment.js').Environment} [environment]
 */

export class WhipSession {
  pc;
  /** @type {RTCRtpSender | null} */
  video = null;
  #options;
  #environment;
  #location = '';
  #etag = ''; // of the current ICE session
  #restarts;
  /** @type {RTCIceCandidate[]} */
  #candidates = [];
  #lastCandidate = false;
  #trickleTimer = 0;
  #closed = false;
  /** @type {Promise<void> | null} */
  #probing = null;
  #probesFail = false;
  /** @type {Set<AbortController>} requests that `close` aborts */
  #requests = new Set();

  /** @param {WhipOptions} options */
  constructor(options) {
    this.#options = options;
    this.#environment = options.environment ?? BROWSER;
    this.#restarts = new IceRestarts(this.#environment);
    this.pc = new this.#environment.RTCPeerConnection({
      iceServers: options.iceServers,
      bundlePolicy: 'max-bundle',
    });
    this.pc.onconnectionstatechange = () => options.changed(this.pc.connectionState);
    this.pc.onicecandidate = ({ candidate }) => this.#candidate(candidate);
    for (const track of options.stream.getTracks()) this.#add(track);
  }

  /** @param {MediaStreamTrack} track */
  #add(track) {
    const video = track.kind === 'video';
    const transceiver = this.pc.addTransceiver(track, {
      direction: 'sendonly',
      streams: [this.#options.stream],
      ...(video ? { sendEncodings: [this.#options.encoding] } : {}),
    });
    if (!video) return;
    this.video = transceiver.sender;
    const codecs = videoCodecs();
    if (codecs.length) transceiver.setCodecPreferences?.(codecs);
  }

  /**
   * Sends the offer without candidates, because the browser's STUN checks tell the server the
   * browser's addresses. The browser gathers candidates after the answer, because the answer
   * names the ICE servers and contains their credentials.
   * @throws {WhipError}
   */
  async open() {
    const offer = await this.pc.createOffer();
    const { response, text: sdp } = await this.#request('POST', this.#options.endpoint, {
      type: 'application/sdp',
      body: offer.sdp,
    });
    this.#etag = response.headers.get('ETag') ?? '';
    // RFC 9725 §4.2: the Location may be relative to the endpoint.
    this.#location = new URL(response.headers.get('Location') ?? '', response.url).href;
    if (this.#closed) return this.#delete();
    const iceServers = iceServersOf(response.headers.get('Link'));
    if (iceServers.length) this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
    await this.pc.setLocalDescription(offer);
    if (this.#closed) return this.#delete();
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
    this.#trickle();
  }

  /** Whether an ICE restart is running. */
  get restarting() {
    return this.#restarts.running;
  }

  /**
   * Restarts ICE: the connection moves to a new path, for example in another network. If this
   * fails, the connection stays as it was.
   * @throws {WhipError}
   */
  async restart() {
    await this.#probing;
    if (!this.#location || this.#closed) return;
    await this.#restarts.restart(this.pc, async (fragment, signal, within, credentials) => {
      const more = { signal, within, credentials };
      const { response, text } = await this.#patch(fragment, '*', more);
      this.#etag = response.headers.get('ETag') ?? '';
      // They belong to the old path.
      this.#candidates = [];
      this.#lastCandidate = false;
      return text;
    });
    this.#trickle();
  }

  /**
   * Maximum of the browser's estimate of the path's capacity, bit/s. NaN if the answer has none, or
   * if the server reports no arrival times, without which the browser cannot measure the path.
   */
  get maxEstimate() {
    const sdp = this.pc.remoteDescription?.sdp ?? '';
    return ARRIVAL_TIMES.test(sdp) ? Number(sdp.match(MAX_ESTIMATE)?.[2] ?? NaN) : NaN;
  }

  /**
   * Makes the browser probe the path: the browser sends a few packets quickly, and measures how
   * fast they arrive. libwebrtc does this whenever the maximum of its estimate grows, so this
   * method applies the server's answer again with a maximum that is 1 bit/s higher. The server
   * takes no part. Does nothing more once the browser has refused.
   */
  async probe() {
    const busy = this.#probing || this.restarting;
    if (this.#closed || busy || this.#probesFail || !this.maxEstimate) return;
    this.#probing = this.#raiseMaxEstimate();
    await this.#probing;
    this.#probing = null;
  }

  async #raiseMaxEstimate() {
    const { pc } = this;
    const offered = pc.localDescription?.sdp ?? '';
    try {
      const offer = await pc.createOffer();
      // A new user name fragment would restart ICE, of which the server would not know.
      if (ufragOf(offer.sdp ?? '') !== ufragOf(offered)) throw new Error('ICE would restart');
      await pc.setLocalDescription(offer);
      const sdp = (pc.remoteDescription?.sdp ?? '').replace(
        MAX_ESTIMATE,
        (_, name, bitrate) => `${name}${Number(bitrate) + 1}`,
      );
      await pc.setRemoteDescription({ type: 'answer', sdp });
    } catch {
      this.#probesFail = true;
      // The connection keeps working with its last descriptions.
      await pc.setLocalDescription({ type: 'rollback' }).catch(() => {});
    }
  }

  /**
   * Closes only the peer connection. The session stays on the server until the next session of the
   * room replaces it.
   */
  close() {
    this.#stop();
    // A browser opens few connections to a server, and a request that hangs on a dead network would
    // occupy one.
    for (const request of this.#requests) request.abort();
    this.pc.close();
  }

  /**
   * Closes the connection and ends the session on the server (RFC 9725 §4.2). This works even while
   * the page unloads.
   */
  async end() {
    this.#stop();
    // Stop sending at once, but close the connection last: otherwise the server would end the
    // session with the connection, and the DELETE would find no session.
    await Promise.allSettled(this.pc.getSenders().map((sender) => sender.replaceTrack(null)));
    await this.#delete();
    this.pc.close();
  }

  #stop() {
    this.#closed = true;
    this.#restarts.cancel();
    this.#environment.clearTimeout(this.#trickleTimer);
    this.pc.onconnectionstatechange = this.pc.onicecandidate = null;
  }

  async #delete() {
    if (this.#location) await this.#request('DELETE', this.#location).catch(() => {});
  }

  /** @param {RTCIceCandidate | null} candidate */
  #candidate(candidate) {
    if (candidate?.candidate) this.#candidates.push(candidate);
    else this.#lastCandidate = true;
    this.#environment.clearTimeout(this.#trickleTimer);
    this.#trickleTimer = this.#environment.setTimeout(() => this.#trickle(), TRICKLE_AFTER);
  }

  /**
   * Sends the candidates gathered since the last call. Errors are ignored (RFC 9725 §4.3.1),
   * because a server with a reachable address needs no candidates.
   */
  #trickle() {
    const description = this.pc.localDescription?.sdp;
    if (
      !this.#location ||
      this.#closed ||
      this.restarting ||
      !description ||
      !(this.#candidates.length || this.#lastCandidate)
    )
      return;
    const fragment = fragmentOf(description, this.#candidates.splice(0), this.#lastCandidate);
    this.#lastCandidate = false;
    this.#patch(fragment, this.#etag).catch(() => {});
  }

  /**
   * @param {string} fragment
   * @param {string} match the ETag of the ICE session, or `*`
   * @param {{signal?: AbortSignal, within?: number, credentials?: RequestCredentials}} [more]
   *   `within`: time limit, ms
   */
  #patch(fragment, match, more = {}) {
    const options = { type: FRAGMENT, body: fragment, match, ...more };
    return this.#request('PATCH', this.#location, options);
  }

  /**
   * Sends a request and returns its answer. Each request has its own deadline, so that a slow PATCH
   * does not abort other requests.
   * @param {'POST' | 'PATCH' | 'DELETE'} method
   * @param {string} url
   * @param {{type?: string, body?: string, match?: string, signal?: AbortSignal, within?: number,
   *   credentials?: RequestCredentials}} [options] `within`: time limit, ms
   */
  async #request(method, url, options = {}) {
    const { type, body, match, signal, within = REQUEST_WITHIN, credentials } = options;
    const headers = {
      Authorization: `Bearer ${this.#options.key}`,
      ...(type ? { 'Content-Type': type } : {}),
      ...(match ? { 'If-Match': match } : {}),
    };
    const last = method === 'DELETE';
    if (this.#closed && !last) throw new WhipError('The session is closed.', 0);
    const controller = new AbortController();
    signal?.addEventListener('abort', () => controller.abort());
    if (!last) this.#requests.add(controller);
    const deadline = this.#environment.setTimeout(() => controller.abort(), within);
    const init = {
      method,
      headers,
      ...(body ? { body } : {}),
      ...(credentials ? { credentials } : {}),
      keepalive: last,
      signal: controller.signal,
    };
    let response, text;
    try {
      response = await this.#environment.fetch(url, init);
      text = await response.text();
    } catch {
      throw new WhipError('The server cannot be reached.', 0);
    } finally {
      this.#environment.clearTimeout(deadline);
      this.#requests.delete(controller);
    }
    if (!response.ok) throw whipError(response, text);
    return { response, text };
  }
}

/**
 * @param {Response} response
 * @param {string} body
 */
function whipError(response, body) {
  const { text, code } = refusalOf(body);
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  return new WhipError(text || `The server answered ${response.status}.`, response.status, {
    code,
    retryAfter,
  });
}

/** @param {string} sdp */
function ufragOf(sdp) {
  return sdp.match(/^a=ice-ufrag:.*/m)?.[0];
}

/**
 * Returns the codecs to offer for the video. The first entries are the variants of H.264, or VP8 if
 * the browser lacks H.264 (the server transcodes VP8). The last entries are the formats for
 * retransmission and error correction.
 * @param {RTCRtpCodec[]} [supported]
 * @returns {RTCRtpCodec[]} in order of preference; empty if the browser has neither H.264 nor VP8
 */
export function videoCodecs(
  supported = globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? [],
) {
  const of = (/** @type {RegExp} */ names) =>
    supported.filter(({ mimeType }) => names.test(mimeType));
  // Constrained Baseline (42e0…) comes before Main and High, because every phone encodes it and
  // every viewer decodes it.
  const rank = (/** @type {RTCRtpCodec} */ { sdpFmtpLine = '' }) =>
    (/packetization-mode=1/.test(sdpFmtpLine) ? 0 : 2) +
    (/profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1);
  const h264 = of(/\/h264$/i).sort((a, b) => rank(a) - rank(b));
  const chosen = h264.length ? h264 : of(/\/vp8$/i);
  return chosen.length ? [...chosen, ...of(/\/(rtx|red|ulpfec)$/i)] : [];
}
