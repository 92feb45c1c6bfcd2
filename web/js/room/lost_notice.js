/**
 * Shows the notice that the connection is lost, but only while no new frames appear: over WebRTC or
 * HTTP, frames may continue after the WebSocket is lost.
 */
const AFTER = 600; // ms
const EVERY = 300; // ms

export class LostNotice {
  #root;
  #playing;
  #environment;
  #timer = 0;

  /**
   * @param {HTMLElement} root  gets the class `lost`
   * @param {() => boolean} playing
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(root, playing, environment) {
    this.#root = root;
    this.#playing = playing;
    this.#environment = environment;
  }

  get shown() {
    return this.#root.classList.contains('lost');
  }

  /** Shows the notice soon, unless new frames appear. Call this when the connection is lost. */
  begin() {
    this.#wait(AFTER);
  }

  /** Hides the notice. Call this when the connection is open again. */
  end() {
    this.close();
    this.#root.classList.remove('lost');
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  /** @param {number} ms */
  #wait(ms) {
    this.close();
    this.#timer = this.#environment.setTimeout(() => {
      this.#root.classList.toggle('lost', !this.#playing());
      this.#wait(EVERY);
    }, ms);
  }
}
