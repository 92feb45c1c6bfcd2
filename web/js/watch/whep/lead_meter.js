/** How far the sound is ahead of the picture as a viewer has them, on average: a picture waits up to a refresh for the screen, sound is mixed by the 10 ms. Pure. */
export class LeadMeter {
  #sum = 0;
  #count = 0;

  /**
   * Once a picture. A lag is ms of the page's clock less ms of media time, wherever these begin.
   * @param {number} picture
   * @param {number} sound
   */
  add(picture, sound) {
    const lead = picture - sound;
    if (!Number.isFinite(lead)) return;
    this.#sum += lead;
    this.#count++;
  }

  /** @returns {number} ms, since it was asked last; NaN where nothing was seen */
  take() {
    const lead = this.#sum / this.#count;
    this.#sum = this.#count = 0;
    return lead;
  }
}
