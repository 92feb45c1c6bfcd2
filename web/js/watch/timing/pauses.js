/**
 * When the creator sent no pictures: whoever then runs dry has no fault, and nothing plays it better. What is missing for another reason leaves a hole
 * in the sequence. Pure; times in ms of player time.
 */
const LONG = 250; // ms between two pictures
const SLACK = 200; // ms that sound may end before the picture, or a player stop before its end
const KEPT = 8;

export class Pauses {
  /** @type {[number, number][]} from the picture before to the one after */
  #spans = [];
  #sequence = NaN;
  #media = NaN;

  /**
   * Each picture as it comes.
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
   * Whether there was nothing to show after `media`.
   * @param {number} media
   */
  explain(media) {
    return this.#spans.some(([from, to]) => media >= from - SLACK && media < to);
  }
}
