/**
 * Computes how much media of each track has arrived, in player time. Player time is media time
 * minus an offset, so that the first keyframe is at LEAD. The reason: media time may reach many
 * hours, and a float of seconds is then too coarse.
 */
import { Arrivals } from './arrivals.js';
import { FrameLog } from './frame_log.js';
import { FLAG, TRACK } from '../line/record.js';

// µs; without this lead, rounding could move the keyframe before zero, and browsers would drop it
const LEAD = 10_000;
const AUDIO_SLACK = 45_000; // µs; audio arrives in steps of this size
const AUDIO_GRACE = 1_000_000; // µs; a track that has had no media for longer is ignored

/** @typedef {import('../line/record.js').MediaRecord} MediaRecord */

export class Timeline {
  arrivals = new Arrivals();
  frames = new FrameLog();
  /** Media time at which player time is 0, µs; NaN before the first keyframe. */
  base = NaN;
  estimated = true;
  #firstVideo = NaN;
  #video = -Infinity;
  #audio = -Infinity;

  /** Whether a keyframe has arrived. */
  get begun() {
    return !Number.isNaN(this.base);
  }

  /**
   * Takes a record that has arrived.
   * @param {MediaRecord} record
   * @param {number} arrival ms
   * @param {boolean} live   whether the record is not part of the burst; the arrival of the burst
   *   says nothing about the network
   * @returns {boolean} false for a record that has arrived before, and for audio before the first
   *   keyframe
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

  /** Player time of the first frame, ms. */
  get first() {
    return this.#toPlayer(this.#firstVideo);
  }

  /** Player time of the newest frame received, ms. */
  get newestPicture() {
    return this.#toPlayer(this.#video);
  }

  /** Player time up to which all active tracks have media, ms. */
  get newest() {
    const sound = this.#audio + AUDIO_SLACK;
    const both = this.#video - sound > AUDIO_GRACE ? this.#video : Math.min(this.#video, sound);
    return this.#toPlayer(both);
  }

  /**
   * Returns the capture time of the frame at the player time `seconds`, µs of the server's clock;
   * NaN if unknown.
   * @param {number} seconds
   */
  captureOf(seconds) {
    return this.frames.captureOf(seconds * 1e6 + this.base);
  }

  /**
   * Returns the media time at a player time, both in ms; NaN before the first keyframe.
   * @param {number} player
   */
  toMedia(player) {
    return player + this.base / 1000;
  }

  /** @param {number} media µs */
  #toPlayer(media) {
    return (media - this.base) / 1000;
  }
}
