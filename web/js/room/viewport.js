/**
 * The part of a room that shows the frames: fits the player's element to the screen, surrounds it
 * with a blurred copy, and keeps the last frame visible while the player is replaced.
 */
import { partOf } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { fitOf, pictureShape } from '../page/fit.js';

/** @typedef {Pick<import('../watch/player.js').Player, 'element' | 'width' | 'height'>} Picture */

const SOFTEN_EVERY = 1_000; // ms

export class Viewport {
  /** The video element for players that do not draw on a canvas. */
  video;
  #root;
  /** @type {HTMLCanvasElement} */
  #backdrop;
  /** @type {HTMLCanvasElement} */
  #still;
  /** @type {HTMLVideoElement | HTMLCanvasElement} */
  #place;
  /** @type {Picture | null} */
  #player = null;
  #environment;
  #timer;
  #shape = 0; // width by height
  #shown = false; // whether a frame was on the screen
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement | null} [prepared] video element to use instead of the placeholder
   * @param {Readonly<import('../page/environment.js').Environment>} [environment]
   */
  constructor(root, prepared = null, environment = BROWSER) {
    /** @type {HTMLVideoElement} */
    const placeholder = partOf(root, 'video');
    this.#root = root;
    this.#place = placeholder;
    this.#backdrop = partOf(root, 'backdrop');
    this.#still = partOf(root, 'still');
    this.#environment = environment;
    this.video = prepared ?? placeholder;
    if (prepared)
      for (const { name, value } of placeholder.attributes) prepared.setAttribute(name, value);
    window.addEventListener('resize', () => this.fit(), { signal: this.#listening.signal });
    // The picture of a room on standby hardly changes.
    const moves = () => !root.classList.contains('held');
    this.#timer = environment.setInterval(() => moves() && this.#soften(), SOFTEN_EVERY);
  }

  /**
   * The element that shows the frames, and the size of a frame. Without a player, the element is
   * the placeholder and the size is 0.
   * @returns {Picture}
   */
  get picture() {
    return this.#player ?? { element: this.#place, width: 0, height: 0 };
  }

  close() {
    this.#listening.abort();
    this.#environment.clearInterval(this.#timer);
  }

  /**
   * Puts the player's element into the page.
   * @param {Picture} player
   */
  show(player) {
    this.#player = player;
    const { element } = player;
    if (element === this.#place) return;
    if (element !== this.video) {
      element.className = 'screen';
      element.dataset.testid = element instanceof HTMLCanvasElement ? 'canvas' : 'video';
      if (element instanceof HTMLCanvasElement) element.role = 'img';
      element.ariaLabel = this.#place.ariaLabel;
    }
    this.#place.replaceWith(element);
    this.#place = element;
  }

  /** Keeps a copy of the last frame visible until `release` is called. */
  hold() {
    const { element, width, height } = this.picture;
    if (!width || !height) return;
    this.#still.width = width;
    this.#still.height = height;
    this.#still.getContext('2d')?.drawImage(element, 0, 0);
    this.#still.hidden = false;
  }

  /**
   * Shows a picture until the first frame. Does nothing if a frame is shown earlier.
   * @param {string} url
   * @returns {Promise<boolean>} whether the picture is visible
   */
  async poster(url) {
    const image = new Image();
    image.src = url;
    // No picture is no failure: the first frame follows.
    await image.decode().catch(() => {});
    const { naturalWidth: width, naturalHeight: height } = image;
    if (this.#shown || !width || this.#listening.signal.aborted) return false;
    this.#still.width = width;
    this.#still.height = height;
    this.#still.getContext('2d')?.drawImage(image, 0, 0);
    this.#still.hidden = false;
    this.resize(width, height);
    return true;
  }

  /** Forgets the closed player. The element of this player stays in the page. */
  drop() {
    this.#player = null;
  }

  /** Hides the frame that `hold` kept. Call this when the player shows a frame. */
  release() {
    this.#still.hidden = true;
    this.#shown = true;
    const { width, height } = this.picture;
    this.resize(width, height);
    this.#soften();
  }

  /**
   * Fits the viewport to a new frame size. May be called before a frame of this size is drawn.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (!width || !height) return;
    this.#shape = width / height;
    this.fit();
  }

  /** Fits the picture to its area again. Call this when the size of the area has changed. */
  fit() {
    if (!this.#shape) return;
    const place = pictureShape(innerWidth, innerHeight, this.#root.dataset.chat);
    this.#root.dataset.fit = fitOf(this.#shape, place);
  }

  /**
   * Draws the blurred copy of the frame: scales the frame down to sixteen pixels. This costs almost
   * nothing, and the result looks better than with a blur filter.
   */
  #soften() {
    const { element, width } = this.picture;
    if (this.#root.dataset.fit === 'cover' || !width || document.hidden) return;
    this.#backdrop
      .getContext('2d')
      ?.drawImage(element, 0, 0, this.#backdrop.width, this.#backdrop.height);
  }
}
