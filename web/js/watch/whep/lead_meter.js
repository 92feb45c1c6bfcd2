/**
 * Measures how far the audio is ahead of the video for the viewer. The result is an average,
 * because a frame waits up to one refresh for the screen, and audio is mixed in blocks of 10 ms.
 * Pure.
 */
export class LeadMeter {
  #sum = 0;
  #count = 0;

  /**
   * Adds the lag of one frame and of its audio. A lag is the page's time minus media time, in ms,
   * from any common origin.
   * @param {number} picture
   * @param {number} sound
   */
  add(picture, sound) {
    const lead = picture - sound;
    if (!Number.isFinite(lead)) return;
    this.#sum += lead;
    this.#count++;
  }

  /** @returns {number} average lead since the last call, ms; NaN without frames */
  take() {
    const lead = this.#sum / this.#count;
    this.#sum = this.#count = 0;
    return lead;
  }
}
