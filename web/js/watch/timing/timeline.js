/**
 * What arrived, per track, on the player's own timeline. A stream's media time may stand at many hours, where floats of seconds
 * grow coarse and a first sample may fall before zero: the player's time starts at LEAD with the first key frame.
 */
import { Arrivals } from './arrivals.js';
import { FrameLog } from './frame_log.js';
import { FLAG, TRACK } from '../line/record.js';

const LEAD = 10_000; // µs; more than any rounding: a key frame before zero would be dropped, and all that hangs on it
const AUDIO_SLACK = 45_000; // µs; the grain in which sound comes
const AUDIO_GRACE = 1_000_000; // µs; a track silent for longer holds nobody up

/** @typedef {import('../line/record.js').MediaRecord} MediaRecord */

export class Timeline {
  arrivals = new Arrivals();
  frames = new FrameLog();
  /** µs, or NaN before the first key frame */
  base = NaN;
  estimated = true;
  #firstVideo = NaN;
  #video = -Infinity;
  #audio = -Infinity;

  /** Whether there is a picture to start from. */
  get begun() {
    return !Number.isNaN(this.base);
  }

  /**
   * Takes note of a record.
   * @param {MediaRecord} record
   * @param {number} arrival ms
   * @param {boolean} live   false for what a join brings at once: it says nothing about the path
   * @returns {boolean} false for one that came before, as after a reconnect, and for sound without a picture
   */
  accept(record, arrival, live) {
    const video = record.track === TRACK.VIDEO;
    if (!this.begun) {
      if (!video || !(record.flags & FLAG.KEY)) return false;
      this.base = record.mediaTime - LEAD;
      this.#firstVideo = record.mediaTime;
    }
    if (record.mediaTime <= (video ? this.#video : this.#audio)) return false;
    if (record.flags & FLAG.DISCONTINUITY) this.arrivals.reset();
    if (video) {
      this.#video = record.mediaTime;
      this.frames.add(record.mediaTime, record.captureTime);
      this.estimated = (record.flags & FLAG.CAPTURE_ESTIMATED) !== 0;
      if (live) this.arrivals.add(this.#toPlayer(record.mediaTime), arrival);
    } else {
      this.#audio = record.mediaTime;
    }
    return true;
  }

  /** Start of the first picture, ms of player time. */
  get first() {
    return this.#toPlayer(this.#firstVideo);
  }

  /** Newest picture received, ms of player time. */
  get newestPicture() {
    return this.#toPlayer(this.#video);
  }

  /** Up to where all tracks that are alive have media, ms of player time. */
  get newest() {
    const sound = this.#audio + AUDIO_SLACK;
    const both = this.#video - sound > AUDIO_GRACE ? this.#video : Math.min(this.#video, sound);
    return this.#toPlayer(both);
  }

  /**
   * When the lens saw what the player shows at `seconds`: µs of the server's clock, NaN if unknown.
   * @param {number} seconds
   */
  captureOf(seconds) {
    return this.frames.captureOf(seconds * 1e6 + this.base);
  }

  /** @param {number} media µs */
  #toPlayer(media) {
    return (media - this.base) / 1000;
  }
}
