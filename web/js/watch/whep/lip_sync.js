/**
 * Synchronises audio and video. This class replaces the browser's own synchronisation, because
 * Chromium (StreamSynchronization) estimates the audio about 35 ms too late and then delays the
 * video. Chromium corrects only differences above 30 ms, so each disturbance leaves some delay.
 *
 * If this class has added delay to the late track earlier, this class reduces that delay.
 * Otherwise, this class gives the early track a larger jitter buffer
 * (RTCRtpReceiver.jitterBufferTarget).
 *
 * The video may lead a little: viewers notice leading video from 125 ms on, and leading audio from
 * 45 ms on (ITU-R BT.1359). Holding the video back costs more than the difference, because the
 * browser then no longer shows each frame at once. So the video is held back only if the audio
 * trails by almost 60 ms. Only lasting differences are corrected. If audio is late for a moment,
 * the browser catches up by playing the audio faster. So this class changes nothing while the delay
 * of a jitter buffer is far from its target. Pure.
 */

// Leads of the audio over the video, ms; negative: the audio trails.
const AIM = { audio: -18, video: -45 }; // wanted after the delay of this track was changed
const LATEST = -58; // the smallest lead that is tolerated
const EARLIEST = 0; // the largest lead that is tolerated
const RELEASE = -30; // the largest lead that is tolerated while the video is held back
const READINGS = 3; // number of measurements whose median is used
const SETTLING = 4_000; // ms that a correction needs: audio is stretched slowly
const MOST = 500; // ms
// Maximum difference between the delay of a settled jitter buffer and its target, ms. Normally, the
// delay of audio is 15 ms above its target, and the delay of video is 12 ms below its target.
const SETTLED = 30;
// ms; if frames wait for less time, the browser shows each frame at once, whatever its target is
const AT_ONCE = 5;
// part of the video's target that the browser reserves for drawing but does not report, ms
const DRAWING = 10;

/**
 * Target delays of the jitter buffers, ms; 0 for the smallest delay that the network allows.
 * @typedef {{audio: number, video: number}} Targets
 */

/** @typedef {{audio: number, video: number}} Waits  delay in each jitter buffer, ms */

/** @type {Targets} */
const NOTHING = { audio: 0, video: 0 };

export class LipSync {
  /** @type {number[]} */
  #leads = [];
  #correctedAt = -Infinity;
  #held = NOTHING;

  /**
   * @param {number} now
   * @param {number} lead     ms by which the audio leads the video; NaN while unknown
   * @param {Waits} waits     present delays of the jitter buffers
   * @param {Targets} targets delays that the browser aims at now
   * @returns {Targets | null} new minimum targets, or null to keep them
   */
  update(now, lead, waits, targets) {
    if (!Number.isFinite(lead) || now - this.#correctedAt < SETTLING || !settled(waits, targets)) {
      this.#leads = [];
      return null;
    }
    this.#leads = [...this.#leads, lead].slice(-READINGS);
    const [, middle] = [...this.#leads].sort((a, b) => a - b);
    const earliest = this.#held.video > 0 ? RELEASE : EARLIEST;
    if (
      this.#leads.length < READINGS ||
      middle === undefined ||
      (middle >= LATEST && middle <= earliest)
    )
      return null;
    this.#correctedAt = now;
    this.#leads = [];
    const early = middle > earliest ? 'audio' : 'video';
    const late = early === 'audio' ? 'video' : 'audio';
    // First remove the added delay of the late track.
    if (this.#held[late] > 0) {
      const size = Math.abs(middle - AIM[late]);
      this.#held = { ...this.#held, [late]: Math.max(0, Math.round(this.#held[late] - size)) };
    } else {
      const size = Math.abs(middle - AIM[early]);
      this.#held = {
        ...this.#held,
        [early]: Math.min(
          MOST,
          Math.round(Math.max(this.#held[early], aimedAt(waits, targets, early)) + size),
        ),
      };
    }
    return this.#held;
  }

  /**
   * Removes the delay that this class has added to either track. Call this while the audio is
   * muted.
   * @returns {Targets | null} the new minimum targets, or null if no delay was added
   */
  release() {
    this.#leads = [];
    if (this.#held.audio === 0 && this.#held.video === 0) return null;
    this.#held = NOTHING;
    return this.#held;
  }
}

/**
 * Returns the present delay of a settled track as a value for `jitterBufferTarget`.
 * @param {Waits} waits
 * @param {Targets} targets
 * @param {'audio' | 'video'} kind
 */
const aimedAt = (waits, targets, kind) => {
  if (kind === 'audio') return targets.audio;
  return waits.video < AT_ONCE ? 0 : targets.video + DRAWING;
};

/**
 * @param {Waits} waits
 * @param {Targets} targets
 */
const settled = (waits, targets) =>
  Math.abs(waits.audio - targets.audio) < SETTLED &&
  (waits.video < AT_ONCE || Math.abs(waits.video - targets.video) < SETTLED);
