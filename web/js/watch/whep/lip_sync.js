/**
 * Holds sound and picture together, in the place of the browser: Chromium's own synchronisation (StreamSynchronization) takes the sound for some 35 ms later
 * than it is, makes the picture wait for it, and takes back only what is beyond 30 ms from where it believes to be, so that each disturbance leaves delay
 * behind. Whichever is early gets a larger jitter buffer, as RTCRtpReceiver.jitterBufferTarget; what the other one was given is taken back first.
 *
 * The picture may be ahead a little: nobody notices (ITU-R BT.1359 puts the threshold at 125 ms, and at 45 ms where it is the sound), and the delay is the
 * picture's. Only what lasts is mended: sound that came in a heap is 300 ms late, and the browser plays it a little faster until it is not. So nothing is done
 * while either buffer is far from where the browser wants it. Pure.
 */

const AIM = -18; // ms that the sound is ahead of the picture
const LATEST = -28; // ms; what is beyond is corrected
const EARLIEST = 8; // ms
const READINGS = 3; // of which the middle one counts
const SETTLING = 4_000; // ms until a correction has come through: sound is stretched but slowly
const MOST = 500; // ms
const SETTLED = 30; // ms between what waits in a buffer and what the browser aims at: sound has some 15 more, a picture 12 less
const DRAWING = 10; // ms of a picture's target that the browser keeps for drawing, and tells not

/** @typedef {{audio: number, video: number}} Targets  ms; 0 for as little as the network lets it */

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
   * @param {number} lead     ms that the sound is ahead of the picture; NaN while it is not known
   * @param {Waits} waits     at the moment
   * @param {Targets} targets what the browser aims at in each jitter buffer at the moment
   * @returns {Targets | null} what it should aim at, at least, where that is to be changed
   */
  update(now, lead, waits, targets) {
    if (!Number.isFinite(lead) || now - this.#correctedAt < SETTLING || !settled(waits, targets)) {
      this.#leads = [];
      return null;
    }
    this.#leads = [...this.#leads, lead].slice(-READINGS);
    const [, middle] = [...this.#leads].sort((a, b) => a - b);
    if (this.#leads.length < READINGS || middle === undefined || (middle >= LATEST && middle <= EARLIEST)) return null;
    this.#correctedAt = now;
    this.#leads = [];
    const early = middle > AIM ? 'audio' : 'video';
    const late = middle > AIM ? 'video' : 'audio';
    const size = Math.abs(middle - AIM);
    // What the late one is held back by goes first.
    if (this.#held[late] > 0) this.#held = { ...this.#held, [late]: Math.max(0, Math.round(this.#held[late] - size)) };
    else this.#held = { ...this.#held, [early]: Math.min(MOST, Math.round(Math.max(this.#held[early], aimedAt(targets, early)) + size)) };
    return this.#held;
  }

  /** Where nobody hears the sound, the picture waits for nothing. @returns {Targets | null} null where nothing was held back */
  release() {
    this.#leads = [];
    if (this.#held.audio === 0 && this.#held.video === 0) return null;
    this.#held = NOTHING;
    return this.#held;
  }
}

/**
 * As `jitterBufferTarget` says it.
 * @param {Targets} targets
 * @param {'audio' | 'video'} kind
 */
const aimedAt = (targets, kind) => targets[kind] + (kind === 'video' ? DRAWING : 0);

/**
 * @param {Waits} waits
 * @param {Targets} targets
 */
const settled = (waits, targets) => Math.abs(waits.audio - targets.audio) < SETTLED && Math.abs(waits.video - targets.video) < SETTLED;
