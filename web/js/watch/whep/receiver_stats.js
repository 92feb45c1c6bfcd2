/** What the browser tells of what it receives (webrtc-stats `inbound-rtp`), as the figures of a player. Pure. */

/**
 * @typedef {object} Received
 * @property {number} buffer   ms that pictures waited, over the last second
 * @property {number} target   ms that the browser aims at
 * @property {number} jitter   ms
 * @property {number} frames   decoded since the start
 * @property {number} dropped
 * @property {number} stalls
 * @property {number} bitrate  bit/s of both tracks
 * @property {number} lost     packets that did not come
 */

/** @type {Received} */
export const NOTHING_RECEIVED = { buffer: 0, target: 0, jitter: 0, frames: 0, dropped: 0, stalls: 0, bitrate: 0, lost: 0 };

export class ReceiverStats {
  latest = NOTHING_RECEIVED;
  /** @type {Record<string, number>} */
  #before = {};
  #at = NaN;

  /**
   * @param {Iterable<any>} reports the values of an RTCStatsReport
   * @param {number} now ms
   */
  update(reports, now) {
    let bytes = 0;
    /** @type {any} */
    let video = {};
    for (const report of reports) {
      if (report.type !== 'inbound-rtp') continue;
      bytes += report.bytesReceived ?? 0;
      if (report.kind === 'video') video = report;
    }
    const { jitterBufferDelay = 0, jitterBufferTargetDelay = 0, jitterBufferEmittedCount = 0 } = video;
    const before = this.#before;
    const emitted = jitterBufferEmittedCount - (before.emitted ?? 0);
    const each = (/** @type {number} */ sum, /** @type {number} */ then) => (emitted > 0 ? ((sum - then) / emitted) * 1_000 : 0);
    this.latest = {
      buffer: each(jitterBufferDelay, before.delay ?? 0),
      target: each(jitterBufferTargetDelay, before.target ?? 0),
      jitter: (video.jitter ?? 0) * 1_000,
      frames: video.framesDecoded ?? 0,
      dropped: video.framesDropped ?? 0,
      stalls: video.freezeCount ?? 0,
      bitrate: now > this.#at ? ((bytes - (before.bytes ?? 0)) * 8_000) / (now - this.#at) : 0,
      lost: video.packetsLost ?? 0,
    };
    this.#before = { emitted: jitterBufferEmittedCount, delay: jitterBufferDelay, target: jitterBufferTargetDelay, bytes };
    this.#at = now;
  }
}
