/**
 * ICE restarts by PATCH (RFC 9725 §4.3.3), for WHIP and WHEP sessions. A connection that restarts
 * ICE finds a new path, for example in another network, and keeps its keys and its media. Until the
 * new path works, the old one stays in use. This module uses no DOM.
 */

/** Content type of SDP fragments (RFC 8840 §9). */
export const FRAGMENT = 'application/trickle-ice-sdpfrag';

/**
 * Time limit for the first request of a restart, ms. After a request that was not answered in time,
 * the next one has twice the limit and other credentials. The first limit is short, because the
 * request may use a dead TCP connection, or one whose first packet was lost and is sent again after
 * a second only. It then gets neither an answer nor an error. Browsers never use such a connection
 * for a request with other credentials.
 */
const FIRST_WITHIN = 500;
const EVERY = 200; // ms at least between two requests of a restart
const TRY_FOR = 2_000; // ms in which a restart that has not reached the server is tried again

/**
 * Sends a fragment within a time limit (ms), and returns the server's fragment. Throws an error with
 * status 0 if the server cannot be reached. The request needs no cookie.
 * @typedef {(fragment: string, signal: AbortSignal, within: number, credentials:
 *   RequestCredentials) => Promise<string>} Send
 */

export class IceRestarts {
  #environment;
  /** @type {AbortController | null} */
  #running = null;
  #timer = 0;
  /** @type {RequestCredentials} */
  #credentials = 'same-origin';

  /** @param {Readonly<import('../page/environment.js').Environment>} environment */
  constructor(environment) {
    this.#environment = environment;
  }

  /** Whether a restart is running. */
  get running() {
    return this.#running !== null;
  }

  /**
   * Restarts ICE. Tries for two seconds to reach the server, because a device that moves to another
   * network may be offline for a moment. Cancels a restart that is running: only the last one
   * counts (RFC 9725 §4.3.3).
   * @param {RTCPeerConnection} pc
   * @param {Send} send
   * @throws what `send` throws; then the connection is unchanged
   */
  async restart(pc, send) {
    this.cancel();
    const running = (this.#running = new AbortController());
    const { signal } = running;
    try {
      const agreed = await this.#agree(pc, send, signal);
      if (!agreed || signal.aborted) return;
      const sdp = restarted(pc.remoteDescription?.sdp ?? '', agreed.answer);
      await pc.setLocalDescription(agreed.offer);
      await pc.setRemoteDescription({ type: 'answer', sdp });
    } finally {
      if (this.#running === running) this.#running = null;
    }
  }

  /**
   * Returns an offer with new credentials and the server's answer; null if the restart was
   * cancelled. Each attempt has new credentials: the server knows the last ones already if only its
   * answer was lost.
   * @param {RTCPeerConnection} pc
   * @param {Send} send
   * @param {AbortSignal} signal
   */
  async #agree(pc, send, signal) {
    const { now } = this.#environment;
    const until = now() + TRY_FOR;
    let within = FIRST_WITHIN;
    for (;;) {
      const tried = now();
      const offer = await pc.createOffer({ iceRestart: true });
      if (signal.aborted) return null;
      try {
        const fragment = fragmentOf(offer.sdp ?? '');
        return { offer, answer: await send(fragment, signal, within, this.#credentials) };
      } catch (error) {
        const away = /** @type {{status?: number}} */ (error).status === 0;
        if (!away || signal.aborted || now() >= until) throw error;
        if (now() - tried >= within) {
          within *= 2;
          this.#change();
        }
      }
      await new Promise((resolve) => {
        const pause = Math.max(0, tried + EVERY - now());
        this.#timer = this.#environment.setTimeout(() => resolve(null), pause);
      });
    }
  }

  cancel() {
    this.#environment.clearTimeout(this.#timer);
    if (!this.#running) return;
    this.#running.abort();
    this.#running = null;
    this.#change();
  }

  /** Makes the next request use another TCP connection than the last one. */
  #change() {
    this.#credentials = this.#credentials === 'omit' ? 'same-origin' : 'omit';
  }
}

/**
 * Returns an SDP fragment (RFC 8840 §9) with the candidates. All candidates are in the first media
 * section, because the media sections are bundled.
 * @param {string} sdp a local description
 * @param {RTCIceCandidate[]} [candidates]
 * @param {boolean} [complete] whether no more candidates follow
 */
export function fragmentOf(sdp, candidates = [], complete = false) {
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

/**
 * Returns an answer of the server with the credentials and the candidates of its new ICE session.
 * @param {string} sdp
 * @param {string} fragment of the server
 * @throws {Error} if the fragment has no credentials
 */
export function restarted(sdp, fragment) {
  const [ufrag] = fragment.match(/^a=ice-ufrag:.*/m) ?? [];
  const [password] = fragment.match(/^a=ice-pwd:.*/m) ?? [];
  if (!ufrag || !password) throw new Error('the answer to the ICE restart has no credentials');
  const candidates = fragment.match(/^a=(?:candidate:.*|end-of-candidates)/gm) ?? [];
  const credentials = [password, ...candidates].join('\r\n');
  return sdp
    .replace(/^a=(?:candidate:.*|end-of-candidates)\r\n/gm, '')
    .replace(/^a=ice-ufrag:.*/gm, () => ufrag)
    .replace(/^a=ice-pwd:.*/gm, () => credentials);
}
