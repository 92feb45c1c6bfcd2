/**
 * The picture and what surrounds it: fitted by orientation, over a soft copy of itself, and held while a player is replaced.
 */

import { fitOf } from '../page/fit.js';

/** @typedef {Pick<import('../watch/player.js').Player, 'element' | 'width' | 'height'>} Picture */

export class Stage {
  #root;
  #picture;
  #backdrop;
  #still;
  #timer;
  #shape = 0; // width by height
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {() => Picture} picture  the one that is shown
   * @param {HTMLCanvasElement} backdrop
   * @param {HTMLCanvasElement} still
   */
  constructor(root, picture, backdrop, still) {
    this.#root = root;
    this.#picture = picture;
    this.#backdrop = backdrop;
    this.#still = still;
    const { signal } = this.#listening;
    window.addEventListener('resize', () => this.#fit(), { signal });
    this.#timer = window.setInterval(() => this.#soften(), 1_000);
  }

  close() {
    this.#listening.abort();
    window.clearInterval(this.#timer);
  }

  /** Keeps the last picture in view while the player has none. */
  hold() {
    const { element, width, height } = this.#picture();
    if (!width || !height) return;
    this.#still.width = width;
    this.#still.height = height;
    this.#still.getContext('2d')?.drawImage(element, 0, 0);
    this.#still.hidden = false;
  }

  /** A new picture is here. */
  release() {
    this.#still.hidden = true;
    const { width, height } = this.#picture();
    this.resize(width, height);
    this.#soften();
  }

  /**
   * The picture has this size from now on, though perhaps none is drawn yet.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (!width || !height) return;
    this.#shape = width / height;
    this.#fit();
  }

  #fit() {
    if (this.#shape) this.#root.dataset.fit = fitOf(this.#shape, innerWidth / innerHeight);
  }

  /** Sixteen pixels blur better than any filter, and cost nothing. */
  #soften() {
    const { element, width } = this.#picture();
    if (this.#root.dataset.fit === 'cover' || !width || document.hidden) return;
    this.#backdrop.getContext('2d')?.drawImage(element, 0, 0, this.#backdrop.width, this.#backdrop.height);
  }
}
