/**
 * Records the pauses in which the creator sent no frames. If a player runs dry in a pause, this is
 * not the player's fault, and no other player would do better. Lost frames do not count as a pause:
 * they leave a hole in the sequence numbers. Pure. Times are in ms of player time.
 */
const LONG = 250; // minimum time between two frames that counts as a pause, ms
const SLACK = 200; // maximum time before a pause at which audio or the player may already stop, ms
const KEPT = 8;

export class Pauses {
  /**
   * @type {[number, number][]} media times of the last frame before each pause and of the first
   *   frame after the pause
   */
  #spans = [];
  #sequence = NaN;
  #media = NaN;

  /**
   * Takes a frame. Call this for each frame that arrives.
   * @param {number} sequence
   * @param {number} media
   */
  add(sequence, media) {
    if (sequence === this.#sequence + 1 && media - this.#media >= LONG) {
      this.#spans.push([this.#media, media]);
      if (this.#spans.length > KEPT) this.#spans.shift();
    }
    [this.#sequence, this.#media] = [sequence, media];
  }

  /**
   * Whether the creator paused at the media time `media`, so that no frame followed.
   * @param {number} media
   */
  explain(media) {
    return this.#spans.some(([from, to]) => media >= from - SLACK && media < to);
  }
}
