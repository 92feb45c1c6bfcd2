/**
 * Computes the figures of a publishing peer connection from `getStats` reports. A browser omits the
 * values that it does not measure. Pure.
 *
 * @typedef {object} Sample
 * @property {number} bitrate   bit/s sent, audio included
 * @property {number} estimate  bit/s, the estimated capacity of the path; 0 while unknown
 * @property {number} fps       frames encoded per second
 * @property {number} width
 * @property {number} height
 * @property {number} roundTrip ms; NaN while unknown
 * @property {number} loss fraction of the video packets that are lost, from the server's last RTCP
 *   report; NaN while unknown
 * @property {'none' | 'cpu' | 'bandwidth' | 'other'} limited  what limits the encoder's quality
 * @property {boolean} relayed  whether the media passes through a TURN server
 *
 * @typedef {object} Inactivity
 * @property {number} silent  ms since the last byte from the server
 * @property {number} frozen ms since the last frame from the camera; negative for a while after a
 *   new track
 */

/**
 * Returns the entries of a `getStats` report that this module uses.
 * @param {{values: () => Iterable<any>}} report
 */
export function pick(report) {
  /**
   * @type {{video: any, remote: any, source: any, pair: any, candidates: Map<string, any>, sent:
   * number, received: number}}
   */
  const found = {
    video: {},
    remote: {},
    source: {},
    pair: {},
    candidates: new Map(),
    sent: 0,
    received: NaN,
  };
  for (const each of report.values()) {
    const video = each.kind === 'video';
    if (each.type === 'outbound-rtp') {
      found.sent += each.bytesSent ?? 0;
      if (video) found.video = each;
    } else if (each.type === 'remote-inbound-rtp' && video) found.remote = each;
    else if (each.type === 'media-source' && video) found.source = each;
    else if (each.type === 'candidate-pair' && each.nominated) {
      found.pair = each;
      found.received = (found.received || 0) + (each.bytesReceived ?? NaN);
    } else if (each.type === 'local-candidate') found.candidates.set(each.id, each);
  }
  return found;
}

/** @typedef {ReturnType<typeof pick>} Picked */

const NEW_TRACK = 2_000; // ms that a new camera may take for its first frame

/**
 * Measures the time since the last byte from the server and since the last frame of the camera.
 * Call `read` twice a second.
 */
export class Liveness {
  #received = 0;
  #receivedAt;
  #frames = -1;
  #framesAt;

  /** @param {number} now time at which the connection was made, ms */
  constructor(now) {
    this.#receivedAt = this.#framesAt = now;
  }

  /**
   * @param {Picked} stats
   * @param {number} now ms
   * @returns {Inactivity}
   */
  read({ video, source, received }, now) {
    // A figure that a browser does not measure is NaN. NaN differs from itself, so such a figure
    // seems to change at each call and never counts as inactive.
    if (received !== this.#received) [this.#received, this.#receivedAt] = [received, now];
    const frames = source.frames ?? video.framesEncoded ?? NaN;
    if (frames !== this.#frames)
      [this.#frames, this.#framesAt] = [frames, Math.max(now, this.#framesAt)];
    return { silent: now - this.#receivedAt, frozen: now - this.#framesAt };
  }

  /**
   * Delays the measurement of `frozen` after a new track, because a camera needs time for its first
   * frame.
   * @param {number} now ms
   */
  newTrack(now) {
    this.#framesAt = now + NEW_TRACK;
  }
}

/** Computes the figures that the creator sees. Call `sample` once a second. */
export class SenderStats {
  #sent = 0;
  #at = NaN;

  /**
   * @param {Picked} stats
   * @param {number} now ms
   * @returns {Sample}
   */
  sample({ video, remote, pair, candidates, sent }, now) {
    const bitrate = Math.max(0, ((sent - this.#sent) * 8_000) / (now - this.#at)) || 0;
    [this.#sent, this.#at] = [sent, now];
    return {
      bitrate,
      estimate: pair.availableOutgoingBitrate || video.targetBitrate || 0,
      fps: video.framesPerSecond ?? 0,
      width: video.frameWidth ?? 0,
      height: video.frameHeight ?? 0,
      roundTrip: (pair.currentRoundTripTime ?? remote.roundTripTime ?? NaN) * 1_000,
      loss: remote.fractionLost ?? NaN,
      limited: video.qualityLimitationReason ?? 'none',
      relayed: candidates.get(pair.localCandidateId)?.candidateType === 'relay',
    };
  }
}
