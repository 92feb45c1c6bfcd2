/**
 * Draws floating hearts on one canvas. Draws each emoji once and copies it afterwards. Each frame
 * clears only the areas that hearts covered. Without hearts, nothing is animated and the canvas is
 * hidden.
 */
import { pictureOf } from './emoji.js';
import { Sprites } from './sprites.js';

const SCALE = Math.min(globalThis.devicePixelRatio ?? 1, 1.5);
const STAMP = 64; // side length of a copied emoji, px
const MARGIN = 4; // width of the margin around a heart that is cleared too, px
const HEART =
  'M16 28S3.500 20.800 3.500 12A6.800 6.800 0 0 1 16 8.400 6.800 6.800 0 0 1 28.500 12C28.500 20.800 16 28 16 28Z';
const COLOURS = ['#ff5a36', '#ff7a9c', '#ffb26b', '#ff4d5e'];

export class HeartCanvas {
  #canvas;
  #context;
  #sprites = new Sprites();
  /** @type {Map<string, HTMLCanvasElement>} */
  #stamps = new Map();
  /** @type {[number, number, number][]} areas to clear: x, y, size */
  #drawn = [];
  #frame = 0;
  #count = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    canvas.hidden = true;
  }

  /** Whether the canvas animates hearts now. */
  get moving() {
    return this.#frame !== 0;
  }

  /**
   * @param {string} emoji  one of EMOJI
   * @param {number} x  px in the window
   * @param {number} y
   * @param {number} [after]  ms until the heart appears
   */
  add(emoji, x, y, after = 0) {
    if (document.hidden) return;
    if (!this.#frame) this.#begin();
    const { left, top } = this.#canvas.getBoundingClientRect();
    const stamp = emoji === 'heart' ? `heart${this.#count++ % COLOURS.length}` : emoji;
    this.#sprites.add(stamp, x - left, y - top, performance.now() + after);
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#sprites.clear();
  }

  #begin() {
    this.#canvas.hidden = false;
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  /** Fits the canvas to the size of its element. This size changes when the phone is turned. */
  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    const [width, height] = [Math.round(clientWidth * SCALE), Math.round(clientHeight * SCALE)];
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    Object.assign(this.#canvas, { width, height });
    this.#drawn = [];
  }

  /** @param {number} now */
  #draw(now) {
    const context = this.#context;
    if (!context) return;
    this.#fit();
    context.setTransform(SCALE, 0, 0, SCALE, 0, 0);
    for (const [x, y, size] of this.#drawn)
      context.clearRect(x - size / 2, y - size / 2, size, size);
    this.#drawn = [];
    for (const { emoji, x, y, size, turn, opacity } of this.#sprites.at(
      now,
      this.#canvas.clientHeight,
    )) {
      context.setTransform(SCALE, 0, 0, SCALE, x * SCALE, y * SCALE);
      context.rotate(turn);
      context.globalAlpha = opacity;
      context.drawImage(this.#stampOf(emoji), -size / 2, -size / 2, size, size);
      this.#drawn.push([x, y, size * 1.5 + MARGIN]);
    }
    if (this.#sprites.empty) {
      this.#frame = 0;
      this.#canvas.hidden = true;
    } else this.#frame = requestAnimationFrame((next) => this.#draw(next));
  }

  /**
   * @param {string} name  name of an emoji; for a heart, followed by the number of the heart's
   *   colour
   */
  #stampOf(name) {
    const known = this.#stamps.get(name);
    if (known) return known;
    const stamp = document.createElement('canvas');
    stamp.width = stamp.height = STAMP;
    this.#stamps.set(name, stamp);
    const context = /** @type {CanvasRenderingContext2D} */ (stamp.getContext('2d'));
    if (name.startsWith('heart')) drawHeart(context, COLOURS[Number(name.slice(5))] ?? '');
    else {
      const picture = new Image();
      picture.onload = () => context.drawImage(picture, 0, 0, STAMP, STAMP);
      picture.src = pictureOf(name);
    }
    return stamp;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 */
function drawHeart(context, colour) {
  context.scale(STAMP / 32, STAMP / 32);
  context.fillStyle = colour;
  context.fill(new Path2D(HEART));
}
