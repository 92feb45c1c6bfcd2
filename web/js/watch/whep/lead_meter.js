/**
 * How far the audio is ahead of the video for the viewer. It is an average, because a frame waits
 * up to one refresh for the screen, and audio is mixed in blocks of 10 ms. Pure.
 */
export class LeadMeter {
  #sum = 0;
  #count = 0;

  /**
   * Adds one frame. Each lag is ms of the page's clock minus ms of media time, with any origin.
   * @param {number} picture
   * @param {number} sound
   */
  add(picture, sound) {
    const lead = picture - sound;
    if (!Number.isFinite(lead)) return;
    this.#sum += lead;
    this.#count++;
  }

  /** @returns {number} ms since the last call; NaN without frames */
  take() {
    const lead = this.#sum / this.#count;
    this.#sum = this.#count = 0;
    return lead;
  }
}
