/**
 * Computes the live edge of slot 0 from events, for viewers without a WebSocket. Media time
 * advances as fast as the local clock, so the event with the greatest value of media time minus
 * local time had the smallest delay. Pure.
 */

const SAMPLES = 12;

export class EdgeClock {
  /**
   * Media time minus local time at each of the last events, µs.
   * @type {number[]}
   */
  #ahead = [];

  /**
   * @param {number} now        ms, local time at which the event arrived
   * @param {number} mediaTime  media time of the live edge when the event was posted, µs; 0 before
   *   the first frame
   */
  add(now, mediaTime) {
    if (mediaTime <= 0) return;
    this.#ahead.push(mediaTime - now * 1_000);
    if (this.#ahead.length > SAMPLES) this.#ahead.shift();
  }

  /**
   * Forgets all events. Call this when the stream changes, because each stream has its own media
   * time.
   */
  reset() {
    this.#ahead = [];
  }

  /**
   * Returns the media time of the live edge, µs; NaN before the first event.
   * @param {number} now ms, local
   */
  at(now) {
    return this.#ahead.length ? Math.max(...this.#ahead) + now * 1_000 : NaN;
  }
}
