/**
 * What people wrote and tapped during a clip, by media time. Pure.
 *
 * @typedef {import('../api/timeline_api.js').Timeline} Timeline
 * @typedef {import('../api/timeline_api.js').SaidThen} SaidThen
 */
const SHOWN = 4; // maximum number of messages at a time
const SHOWN_FOR = 12_000_000; // µs
const SECOND = 1_000_000; // µs

export class ClipTimeline {
  #messages;
  #hearts;

  /** @param {Partial<Timeline>} timeline */
  constructor({ messages = [], hearts = [] }) {
    this.#messages = [...messages].sort((a, b) => a.media_time - b.media_time);
    this.#hearts = hearts;
  }

  /** Number of all taps during the clip. */
  get taps() {
    return this.#hearts.reduce((sum, { emoji }) => sum + totalOf(emoji), 0);
  }

  /**
   * Returns the messages to show at a media time, the oldest first.
   * @param {number} time  µs
   * @returns {SaidThen[]}
   */
  messagesAt(time) {
    return this.#messages
      .filter(({ media_time }) => media_time <= time && media_time > time - SHOWN_FOR)
      .slice(-SHOWN);
  }

  /**
   * Returns the taps of the seconds that begin after `after` and not after `time`.
   * @param {number} after  µs
   * @param {number} time   µs
   * @returns {[string, number][]} emoji and number of taps
   */
  tapsBetween(after, time) {
    return this.#hearts
      .filter(({ second }) => second * SECOND > after && second * SECOND <= time)
      .flatMap(({ emoji }) => Object.entries(emoji));
  }
}

/** @param {Record<string, number>} emoji */
function totalOf(emoji) {
  return Object.values(emoji).reduce((sum, count) => sum + count, 0);
}
