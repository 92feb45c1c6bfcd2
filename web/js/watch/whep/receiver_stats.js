/**
 * Computes the figures of a player from the browser's receiver statistics (webrtc-stats
 * `inbound-rtp`). Pure.
 */

/**
 * @typedef {object} Received
 * @property {number} buffer   mean time that frames waited in the jitter buffer, over the last
 *   second, ms
 * @property {number} target   ms that the browser aims at
 * @property {number} jitter   ms
 * @property {number} frames   decoded since the start
 * @property {number} dropped
 * @property {number} stalls
 * @property {number} bitrate  bit/s of both tracks
 * @property {number} lost     packets lost
 * @property {Heard} sound
 *
 * @typedef {object} Heard
 * @property {number} played  ms output since the start
 * @property {number} dry     number of times that the audio ran dry
 * @property {number} buffer  mean time that audio waited in the jitter buffer, over the last
 *   second, ms
 * @property {number} target  ms that the browser aims at
 * @property {number} jitter  ms
 */

/** @type {Heard} */
const NOTHING_HEARD = { played: 0, dry: 0, buffer: 0, target: 0, jitter: 0 };

/** @type {Received} */
export const NOTHING_RECEIVED = {
  buffer: 0,
  target: 0,
  jitter: 0,
  frames: 0,
  dropped: 0,
  stalls: 0,
  bitrate: 0,
  lost: 0,
  sound: NOTHING_HEARD,
};

/**
 * @param {Record<string, any>} tracks
 * @param {string} name
 * @returns {number}
 */
const ofBoth = ({ video, audio }, name) => (video?.[name] ?? 0) + (audio?.[name] ?? 0);

export class ReceiverStats {
  latest = NOTHING_RECEIVED;
  /** @type {Record<string, any>} the previous reports, by kind */
  #before = {};
  #at = NaN;

  /**
   * @param {Iterable<any>} reports the values of an RTCStatsReport
   * @param {number} now ms
   */
  update(reports, now) {
    /** @type {Record<string, any>} */
    const tracks = { video: {}, audio: {} };
    for (const report of reports) if (report.type === 'inbound-rtp') tracks[report.kind] = report;
    const { video, audio } = tracks;
    const bytes = ofBoth(tracks, 'bytesReceived') - ofBoth(this.#before, 'bytesReceived');
    this.latest = {
      buffer: this.#each(video, 'jitterBufferDelay'),
      target: this.#each(video, 'jitterBufferTargetDelay'),
      jitter: (video.jitter ?? 0) * 1_000,
      frames: video.framesDecoded ?? 0,
      dropped: video.framesDropped ?? 0,
      stalls: video.freezeCount ?? 0,
      bitrate: now > this.#at ? (bytes * 8_000) / (now - this.#at) : 0,
      lost: video.packetsLost ?? 0,
      sound: {
        played: (audio.totalSamplesDuration ?? 0) * 1_000,
        dry: audio.concealmentEvents ?? 0,
        buffer: this.#each(audio, 'jitterBufferDelay'),
        target: this.#each(audio, 'jitterBufferTargetDelay'),
        jitter: (audio.jitter ?? 0) * 1_000,
      },
    };
    this.#before = tracks;
    this.#at = now;
  }

  /**
   * Returns the average of a delay since the last report, ms: the increase of `sum`, divided by the
   * number of frames or samples that have left the jitter buffer.
   * @param {any} report
   * @param {string} sum name of the field with the sum of the delays
   */
  #each(report, sum) {
    const before = this.#before[report.kind] ?? {};
    const emitted = (report.jitterBufferEmittedCount ?? 0) - (before.jitterBufferEmittedCount ?? 0);
    return emitted > 0 ? (((report[sum] ?? 0) - (before[sum] ?? 0)) / emitted) * 1_000 : 0;
  }
}
