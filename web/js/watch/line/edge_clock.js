/**
 * The live edge of slot 0, computed from events, for viewers without a WebSocket. Media time
 * advances with the clock, so the event with the largest lead over the clock had the smallest
 * delay. Pure.
 */

const SAMPLES = 12;

export class EdgeClock {
  /** µs by which media time was ahead of the local clock. @type {number[]} */
  #ahead = [];

  /**
   * @param {number} now        ms, local time at which the event arrived
   * @param {number} mediaTime  µs, of the live edge when the event was posted; 0 before the first
   * frame
   */
  add(now, mediaTime) {
    if (mediaTime <= 0) return;
    this.#ahead.push(mediaTime - now * 1_000);
    if (this.#ahead.length > SAMPLES) this.#ahead.shift();
  }

  /** Another stream has another media time. */
  reset() {
    this.#ahead = [];
  }

  /**
   * Media time of the live edge in µs; NaN before the first event.
   * @param {number} now ms, local
   */
  at(now) {
    return this.#ahead.length ? Math.max(...this.#ahead) + now * 1_000 : NaN;
  }
}
