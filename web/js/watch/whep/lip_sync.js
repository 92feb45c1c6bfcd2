/**
 * Synchronises audio and video in place of the browser. Chromium's own synchronisation
 * (StreamSynchronization) takes the audio for some 35 ms later than it is, delays the video for it,
 * and corrects only what is more than 30 ms off, so that each disturbance leaves delay behind. Here
 * the early track gets a larger jitter buffer (RTCRtpReceiver.jitterBufferTarget), after the delay
 * that the other one was given is taken back.
 *
 * The video may lead a little: viewers notice it from 125 ms on, and leading audio from 45 ms on
 * (ITU-R BT.1359). Only lasting differences are corrected: audio that arrives late all at once is
 * played faster by the browser until it has caught up. So nothing changes while either buffer is
 * far from its target. Pure.
 */

const AIM = -18; // ms by which the audio leads the video
const LATEST = -28; // ms; beyond this, it is corrected
const EARLIEST = 8; // ms
const READINGS = 3; // the median of these counts
const SETTLING = 4_000; // ms that a correction needs: audio is stretched slowly
const MOST = 500; // ms
const SETTLED = 30; // ms between a buffer and its target; audio holds some 15 more, video 12 less
// ms of the video's target that the browser reserves for drawing without reporting it
const DRAWING = 10;

/**
 * ms; 0 for the least that the network allows.
 * @typedef {{audio: number, video: number}} Targets
 */

/** @typedef {{audio: number, video: number}} Waits  ms in each jitter buffer */

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
   * @param {Waits} waits     now
   * @param {Targets} targets what the browser aims at now
   * @returns {Targets | null} new minimum targets, or null to keep them
   */
  update(now, lead, waits, targets) {
    if (!Number.isFinite(lead) || now - this.#correctedAt < SETTLING || !settled(waits, targets)) {
      this.#leads = [];
      return null;
    }
    this.#leads = [...this.#leads, lead].slice(-READINGS);
    const [, middle] = [...this.#leads].sort((a, b) => a - b);
    if (
      this.#leads.length < READINGS ||
      middle === undefined ||
      (middle >= LATEST && middle <= EARLIEST)
    )
      return null;
    this.#correctedAt = now;
    this.#leads = [];
    const early = middle > AIM ? 'audio' : 'video';
    const late = middle > AIM ? 'video' : 'audio';
    const size = Math.abs(middle - AIM);
    // First takes back the delay of the late track.
    if (this.#held[late] > 0)
      this.#held = { ...this.#held, [late]: Math.max(0, Math.round(this.#held[late] - size)) };
    else
      this.#held = {
        ...this.#held,
        [early]: Math.min(
          MOST,
          Math.round(Math.max(this.#held[early], aimedAt(targets, early)) + size),
        ),
      };
    return this.#held;
  }

  /**
   * While muted, the video waits for nothing. @returns {Targets | null} null if nothing was delayed
   */
  release() {
    this.#leads = [];
    if (this.#held.audio === 0 && this.#held.video === 0) return null;
    this.#held = NOTHING;
    return this.#held;
  }
}

/**
 * As a value of `jitterBufferTarget`.
 * @param {Targets} targets
 * @param {'audio' | 'video'} kind
 */
const aimedAt = (targets, kind) => targets[kind] + (kind === 'video' ? DRAWING : 0);

/**
 * @param {Waits} waits
 * @param {Targets} targets
 */
const settled = (waits, targets) =>
  Math.abs(waits.audio - targets.audio) < SETTLED &&
  Math.abs(waits.video - targets.video) < SETTLED;
