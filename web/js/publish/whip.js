/**
 * One WHIP session (RFC 9725): a stream of this browser published to an endpoint. Knows no DOM and never comes back by itself;
 * `Broadcast` makes another one when this is lost.
 */
import { iceServersOf } from '../api/ice_servers.js';

const REQUEST_WITHIN = 8_000; // ms
const TRICKLE = 'application/trickle-ice-sdpfrag';

/** The endpoint refused, or (status 0) was not reached. */
export class WhipError extends Error {
  status;
  retryAfter;

  /**
   * @param {string} message
   * @param {number} status
   * @param {number} [retryAfter] s
   */
  constructor(message, status, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether trying again can help: it cannot when the room or the key is wrong, or the offer is not understood. */
  get final() {
    return [400, 401, 403, 404, 406, 409, 415, 422].includes(this.status);
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
 */

export class WhipSession {
  pc;
  /** @type {RTCRtpSender | null} */
  video = null;
  #options;
  #location = '';
  /** @type {RTCIceCandidate[]} */
  #candidates = [];
  #gathered = false;
  #flush = 0;
  #closed = false;
  #leaving = new AbortController();

  /** @param {WhipOptions} options */
  constructor(options) {
    this.#options = options;
    this.pc = new RTCPeerConnection({ iceServers: options.iceServers, bundlePolicy: 'max-bundle' });
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
   * Offers at once, without waiting for candidates: the server finds this browser by its checks. Candidates are gathered once the answer has named the
   * ICE servers, since TURN credentials of an earlier session may have expired.
   * @throws {WhipError}
   */
  async open() {
    const offer = await this.pc.createOffer();
    const response = await this.#request('POST', this.#options.endpoint, 'application/sdp', offer.sdp);
    // RFC 9725 §4.2: the Location may be relative to the endpoint.
    this.#location = new URL(response.headers.get('Location') ?? '', response.url).href;
    const sdp = await response.text();
    if (this.#closed) return this.#delete();
    const iceServers = iceServersOf(response.headers.get('Link'));
    if (iceServers.length) this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
    await this.pc.setLocalDescription(offer);
    if (this.#closed) return this.#delete();
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
    this.#trickle();
  }

  /** Leaves the peer connection; the room stays, the next session takes it over. */
  close() {
    this.#hush();
    // A request that hangs on a dead network would keep one of the few connections that a browser opens to a server.
    this.#leaving.abort();
    this.pc.close();
  }

  /** Ends the session on the server too (RFC 9725 §4.2); goes out even if the page is being left. */
  async end() {
    this.#hush();
    // Nobody is filmed from here on. The connection is closed last: its end would be noticed before the DELETE, which then finds no session.
    await Promise.allSettled(this.pc.getSenders().map((sender) => sender.replaceTrack(null)));
    await this.#delete();
    this.pc.close();
  }

  #hush() {
    this.#closed = true;
    clearTimeout(this.#flush);
    this.pc.onconnectionstatechange = this.pc.onicecandidate = null;
  }

  async #delete() {
    if (this.#location) await this.#request('DELETE', this.#location).catch(() => {});
  }

  /** @param {RTCIceCandidate | null} candidate */
  #candidate(candidate) {
    if (candidate?.candidate) this.#candidates.push(candidate);
    else this.#gathered = true;
    // Candidates come in flocks: one PATCH for each flock.
    clearTimeout(this.#flush);
    this.#flush = setTimeout(() => this.#trickle(), 50);
  }

  /** Best effort (RFC 9725 §4.3.1): a server with a reachable address connects without. */
  #trickle() {
    const description = this.pc.localDescription?.sdp;
    if (!this.#location || this.#closed || !description || !(this.#candidates.length || this.#gathered)) return;
    const fragment = trickleFragment(description, this.#candidates.splice(0), this.#gathered);
    this.#gathered = false;
    this.#request('PATCH', this.#location, TRICKLE, fragment).catch(() => {});
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {string} [type]
   * @param {string} [body]
   */
  async #request(method, url, type, body) {
    const headers = { Authorization: `Bearer ${this.#options.key}`, ...(type ? { 'Content-Type': type } : {}) };
    const signal = method === 'DELETE' ? AbortSignal.timeout(REQUEST_WITHIN) : this.#leaving.signal;
    const patience = setTimeout(() => method !== 'DELETE' && this.#leaving.abort(), REQUEST_WITHIN);
    let response;
    try {
      response = await fetch(url, { method, headers, ...(body ? { body } : {}), keepalive: method === 'DELETE', signal });
    } catch {
      throw new WhipError('the server cannot be reached', 0);
    } finally {
      clearTimeout(patience);
    }
    if (response.ok) return response;
    const why = (await response.text().catch(() => '')).slice(0, 300);
    throw new WhipError(why || `status ${response.status}`, response.status, Number(response.headers.get('Retry-After')) || 0);
  }
}

/** H.264, or VP8 where this browser has none (the server transcodes that), and their retransmissions; empty when it has neither. */
export function videoCodecs() {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? [];
  const of = (/** @type {RegExp} */ names) => codecs.filter(({ mimeType }) => names.test(mimeType));
  // Constrained Baseline (42e0…) before Main and High: every phone encodes it, every viewer decodes it.
  const rank = (/** @type {RTCRtpCodec} */ { sdpFmtpLine = '' }) =>
    (/packetization-mode=1/.test(sdpFmtpLine) ? 0 : 2) + (/profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1);
  const h264 = of(/\/h264$/i).sort((a, b) => rank(a) - rank(b));
  const chosen = h264.length ? h264 : of(/\/vp8$/i);
  return chosen.length ? [...chosen, ...of(/\/(rtx|red|ulpfec)$/i)] : [];
}

/**
 * An SDP fragment (RFC 8840 §9) with these candidates, all in the first, bundled, section.
 * @param {string} sdp the local description
 * @param {RTCIceCandidate[]} candidates
 * @param {boolean} complete
 */
export function trickleFragment(sdp, candidates, complete) {
  const lines = sdp.split('\r\n');
  const find = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start)) ?? '';
  return [
    find('a=ice-ufrag:'),
    find('a=ice-pwd:'),
    find('m='),
    find('a=mid:'),
    ...candidates.map(({ candidate }) => `a=${candidate}`),
    ...(complete ? ['a=end-of-candidates'] : []),
    '',
  ].join('\r\n');
}
