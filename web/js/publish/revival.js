/**
 * Keeps the camera and the microphone alive. A call, another app or a pulled plug takes them; their tracks then end, go mute, or (iOS) claim to be
 * live and give nothing. Only new tracks help, and sometimes only later: this asks until they are there. Knows no DOM.
 *
 * @typedef {'well' | 'taking' | 'denied' | 'missing' | 'busy'} Condition  `taking`: lost just now, being asked for again
 */
import { CameraError } from './camera.js';

const PAUSES = [0, 500, 1_000, 2_000, 3_000]; // ms before each attempt; the last one goes on
const STEADY = 5_000; // ms that tracks must have lived for the next loss to be a new one

export class Revival {
  /** @type {Condition} */
  condition = 'well';
  /** @type {'camera' | 'microphone'} what it is about while not well */
  lacking = 'camera';
  #camera;
  #changed;
  #attempts = 0;
  #timer = 0;
  #busy = false;
  #revivedAt = -Infinity;

  /**
   * @param {import('./camera.js').Camera} camera
   * @param {(condition: Condition, before: Condition) => void} changed
   */
  constructor(camera, changed) {
    this.#camera = camera;
    this.#changed = changed;
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** Something may have happened to the tracks, or to what keeps them away. */
  look() {
    if (this.#busy) return;
    const now = performance.now();
    const { lacking, sure } = this.#camera.trouble(now);
    if (!lacking) {
      this.close();
      return this.#becomes('well');
    }
    // Mute since a moment: looks again when that has lasted.
    if (sure > now) return this.#later(() => this.look(), sure - now);
    this.lacking = lacking;
    if (this.condition === 'well') {
      if (now - this.#revivedAt > STEADY) this.#attempts = 0;
      this.#becomes('taking');
    }
    this.#later(() => this.#attempt(), PAUSES[Math.min(this.#attempts, PAUSES.length - 1)] ?? 0);
  }

  /** The page is seen again, a device was plugged in, somebody tapped: does not wait its turn. */
  hurry() {
    this.#attempts = 0;
    this.close();
    this.look();
  }

  async #attempt() {
    this.#attempts++;
    this.#busy = true;
    /** @type {Condition} */
    let condition = 'taking';
    try {
      await this.#camera.revive();
      this.#revivedAt = performance.now();
    } catch (error) {
      condition = error instanceof CameraError ? error.reason : 'busy';
    } finally {
      this.#busy = false;
    }
    if (condition !== 'taking') this.#becomes(condition);
    // Asking again by itself after a plain "no" would be rude.
    if (condition !== 'denied') this.look();
  }

  /**
   * @param {() => void} what
   * @param {number} wait ms
   */
  #later(what, wait) {
    if (this.#timer) return;
    this.#timer = self.setTimeout(() => {
      this.#timer = 0;
      what();
    }, wait);
  }

  /** @param {Condition} condition */
  #becomes(condition) {
    const before = this.condition;
    if (condition === before) return;
    this.condition = condition;
    this.#changed(condition, before);
  }
}
