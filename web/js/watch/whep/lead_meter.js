/**
 * Measures how far the audio leads the video for the viewer. The result is an average,
 * because single values vary: a frame waits up to one screen refresh, and audio is mixed in blocks
 * of 10 ms. Pure.
 */
export class LeadMeter {
  #sum = 0;
  #count = 0;

  /**
   * Adds the lag of a frame and the lag of the audio of the same moment. A lag is the page's time
   * minus the media time, ms. Both lags must have the same origin of media time.
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
