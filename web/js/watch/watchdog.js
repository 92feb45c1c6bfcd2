/**
 * Detects that no new frame appears although one should: a source never opens, a decoder has
 * stopped, or a network blocks only media. Pure.
 */
export const LIMIT = 10_000; // ms; longer than any join on a network that can carry the video

export class Watchdog {
  #frames = 0;
  #bytes = NaN;
  #wellAt = NaN;

  /**
   * Takes the figures of one second. Call this once a second.
   * @param {number} now
   * @param {number} frames  shown by the player, which may be a new one
   * @param {number} bytes   received by the connection; NaN if media takes another transport. While
   *   nothing arrives, another player would get nothing either
   * @param {boolean} expected  whether new frames should appear
   * @returns {boolean} true once for each LIMIT without a new frame
   */
  stalled(now, frames, bytes, expected) {
    const moves = frames !== this.#frames;
    const silent = bytes === this.#bytes;
    [this.#frames, this.#bytes] = [frames, bytes];
    if (moves || silent || !expected || Number.isNaN(this.#wellAt)) this.#wellAt = now;
    if (now - this.#wellAt < LIMIT) return false;
    this.#wellAt = now;
    return true;
  }
}
