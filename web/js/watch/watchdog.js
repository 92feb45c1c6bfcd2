/**
 * Detects that no new frame appears although new frames are expected. Possible causes: a media
 * source never opens, a decoder has stopped, or the network blocks only media. Pure.
 */
export const LIMIT = 10_000; // ms; longer than any join on a network that can carry the video

export class Watchdog {
  #frames = 0;
  #bytes = NaN;
  #wellAt = NaN;

  /**
   * Takes the figures of one second. Call this once a second.
   * @param {number} now
   * @param {number} frames  number of frames that the current player has shown
   * @param {number} bytes   number of bytes that the connection has received, or NaN if media takes
   *   another transport; while this number does not change, no player could show a frame
   * @param {boolean} expected  whether new frames should appear
   * @returns {boolean} true once in each period of LIMIT without a new frame
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
