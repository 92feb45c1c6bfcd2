/**
 * Notices that no new picture comes though there should be one. No player need notice by itself that nothing comes of what it gets: a source that
 * never opens, a decoder that stands, a path that lets all but media through. Pure.
 */
export const STANDS = 10_000; // ms; longer than any join of a link that carries the video

export class Watchdog {
  #frames = 0;
  #bytes = NaN;
  #wellAt = NaN;

  /**
   * To be asked about once a second.
   * @param {number} now
   * @param {number} frames  shown by the player, which may be another one by now
   * @param {number} bytes   that came by the connection; NaN where media comes another way. Where nothing comes another player would get nothing either
   * @param {boolean} expected  there should be new pictures
   * @returns {boolean} true once for each time that none came for as long as STANDS
   */
  barks(now, frames, bytes, expected) {
    const moves = frames !== this.#frames;
    const silent = bytes === this.#bytes;
    [this.#frames, this.#bytes] = [frames, bytes];
    if (moves || silent || !expected || Number.isNaN(this.#wellAt)) this.#wellAt = now;
    if (now - this.#wellAt < STANDS) return false;
    this.#wellAt = now;
    return true;
  }
}
