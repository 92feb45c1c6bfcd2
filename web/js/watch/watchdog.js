/**
 * Detects that no new frame appears although new frames are expected. Possible causes: a media
 * source never opens, a decoder has stopped, or the network blocks only media. Pure.
 */
export const LIMIT = 10_000; // ms; longer than any join on a network that can carry the video
const LONG = 2_000; // ms; if two calls are further apart, only this time counts: the page froze

export class Watchdog {
  #frames = 0;
  #bytes = NaN;
  #calledAt = NaN;
  #still = 0; // ms

  /**
   * Takes the current totals. Call this once a second. Time during which the browser suspended the
   * page does not count, because no player can show a frame then.
   * @param {number} now
   * @param {number} frames  number of frames that the current player has shown
   * @param {number} bytes   number of bytes that the connection has received, or NaN if media takes
   *   another transport; while this number does not change, no player can show a frame
   * @param {boolean} expected  whether new frames should appear
   * @returns {boolean} true once in each period of LIMIT without a new frame
   */
  stalled(now, frames, bytes, expected) {
    const moves = frames !== this.#frames;
    const silent = bytes === this.#bytes;
    [this.#frames, this.#bytes] = [frames, bytes];
    const passed = Math.min(now - this.#calledAt, LONG);
    this.#calledAt = now;
    this.#still = moves || silent || !expected ? 0 : this.#still + (passed || 0);
    if (this.#still < LIMIT) return false;
    this.#still = 0;
    return true;
  }
}
