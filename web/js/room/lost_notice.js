/**
 * The notice that the connection is lost. It is shown only while no new frames appear: over WebRTC
 * or HTTP they may continue.
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

  /** The connection is down. */
  begin() {
    this.#wait(AFTER);
  }

  /** The connection is up. */
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
