/**
 * Holds sound and picture together where the browser is content: Chromium leaves up to 30 ms between them as they are (kMinDeltaMs of its
 * StreamSynchronization). Whichever is early gets a larger jitter buffer, as RTCRtpReceiver.jitterBufferTarget; what it was given is taken back first.
 *
 * Only what lasts is mended. Sound that came in a heap is 300 ms late, and the browser plays it a little faster until it is not: a picture that was made to wait
 * for it would be late when the sound is in its place again. So nothing is done while either buffer is far from where the browser wants it. Pure.
 */

const TOLERATED = 18; // ms
const LEFT = 6; // ms; more of a correction would only bring one from the other side
const READINGS = 3; // of which the middle one counts
const SETTLING = 4_000; // ms until a correction has come through: sound is stretched but slowly
const MOST = 500; // ms
const SETTLED = 30; // ms between what waits in a buffer and what the browser aims at: sound has some 15 more, a picture 12 less

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
   * @param {number} lead     ms that the sound is ahead of the picture; NaN while the browser does not tell
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
    if (this.#leads.length < READINGS || middle === undefined || Math.abs(middle) <= TOLERATED) return null;
    this.#correctedAt = now;
    this.#leads = [];
    const early = middle > 0 ? 'audio' : 'video';
    const late = middle > 0 ? 'video' : 'audio';
    const size = Math.abs(middle) - LEFT;
    // What the late one is held back by goes first.
    if (this.#held[late] > 0) this.#held = { ...this.#held, [late]: Math.max(0, Math.round(this.#held[late] - size)) };
    else this.#held = { ...this.#held, [early]: Math.min(MOST, Math.round(Math.max(this.#held[early], targets[early]) + size)) };
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
 * @param {Waits} waits
 * @param {Targets} targets
 */
const settled = (waits, targets) => Math.abs(waits.audio - targets.audio) < SETTLED && Math.abs(waits.video - targets.video) < SETTLED;
