/**
 * The filmstrip of the clip sheet, with its two handles. A handle follows the finger, the mouse and
 * the arrow keys; for screen readers, it is a slider. `close` releases everything.
 *
 * @typedef {import('./handles.js').Side} Side
 *
 * @typedef {object} FilmstripListener
 * @property {(side: Side) => void} moved  a handle has moved, and may move further
 * @property {(side: Side) => void} placed  a handle has reached its new place
 */
import { partOf, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import { Handles, fractionOf, tileAt, timeAt } from './handles.js';

const SIDES = /** @type {const} */ (['start', 'end']);
/** @type {Readonly<Record<string, number>>} places that a key moves a handle, by key */
const STEPS = Object.freeze({
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -5,
  PageUp: 5,
  Home: -Infinity,
  End: Infinity,
});

export class Filmstrip {
  #strip;
  #film;
  #window;
  #length;
  #listener;
  /** @type {Record<Side, HTMLElement>} */
  #sliders;
  /** @type {Handles | null} */
  #handles = null;
  /** @type {import('../api/clips_api.js').Filmstrip | null} */
  #tiles = null;
  #picture = new Image();
  /** @type {Side | null} the handle that the pointer moves */
  #dragged = null;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root  contains the parts of clip_sheet.html
   * @param {FilmstripListener} listener
   */
  constructor(root, listener) {
    this.#listener = listener;
    this.#strip = partOf(root, 'clip-strip');
    this.#film = /** @type {HTMLCanvasElement} */ (partOf(root, 'clip-film'));
    this.#window = partOf(root, 'clip-window');
    this.#length = partOf(root, 'clip-length');
    this.#sliders = { start: partOf(root, 'clip-start'), end: partOf(root, 'clip-end') };
    this.#picture.addEventListener('load', () => this.#draw());
    this.#listen();
  }

  close() {
    this.#listening.abort();
    this.#picture.removeAttribute('src');
  }

  /**
   * Shows the extent of the handles, and lets the viewer move the handles.
   * @param {Handles} handles
   */
  show(handles) {
    this.#handles = handles;
    this.#tiles = null;
    this.#dragged = null;
    this.#picture.removeAttribute('src');
    this.#film.width = 0;
    this.update();
  }

  /** @param {import('../api/clips_api.js').Filmstrip | null} tiles  null if there are none yet */
  set tiles(tiles) {
    if (!tiles) return;
    this.#tiles = tiles;
    if (this.#picture.getAttribute('src') === tiles.url) this.#draw();
    else this.#picture.src = tiles.url;
  }

  /** Shows the present places of the handles. */
  update() {
    const handles = this.#handles;
    if (!handles) return;
    const { extent } = handles;
    const [left, right] = SIDES.map((side) => fractionOf(extent, handles[side]) * 100);
    this.#window.style.left = `${left}%`;
    this.#window.style.right = `${100 - Number(right)}%`;
    const length = t('clip.length', { count: Math.round(handles.length / 1e6) });
    setText(this.#length, length);
    for (const side of SIDES) {
      const [first, last] = handles.limits(side);
      const slider = this.#sliders[side];
      slider.style.left = `${fractionOf(extent, handles[side]) * 100}%`;
      const seconds = (/** @type {number} */ time) => ((time - extent.from) / 1e6).toFixed(1);
      slider.setAttribute('aria-valuemin', seconds(first));
      slider.setAttribute('aria-valuemax', seconds(last));
      slider.setAttribute('aria-valuenow', seconds(handles[side]));
      const time = clockTime((handles[side] - extent.from) / 1e6);
      slider.setAttribute('aria-valuetext', t('clip.place', { time, length }));
    }
  }

  /**
   * Draws the picture of a time, if there is one.
   * @param {HTMLCanvasElement} canvas
   * @param {number} time  media time, µs
   * @returns {boolean} whether there is a picture
   */
  drawTile(canvas, time) {
    const tile = this.#tiles && tileAt(this.#tiles.tiles, time);
    if (!tile || !this.#tiles || !this.#picture.complete || !this.#picture.naturalWidth)
      return false;
    const { width, height } = this.#tiles;
    Object.assign(canvas, { width, height });
    canvas
      .getContext('2d')
      ?.drawImage(this.#picture, tile.x, tile.y, width, height, 0, 0, width, height);
    return true;
  }

  #listen() {
    const options = { signal: this.#listening.signal };
    this.#strip.addEventListener('pointerdown', (event) => this.#grab(event), options);
    this.#strip.addEventListener('pointermove', (event) => this.#drag(event), options);
    for (const type of /** @type {const} */ (['pointerup', 'pointercancel', 'lostpointercapture']))
      this.#strip.addEventListener(type, () => this.#release(), options);
    for (const side of SIDES)
      this.#sliders[side].addEventListener('keydown', (event) => this.#press(side, event), options);
    window.addEventListener('resize', () => this.#draw(), options);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0 || !this.#handles) return;
    event.preventDefault();
    const time = this.#timeOf(event);
    const { start, end } = this.#handles;
    this.#dragged = Math.abs(time - start) < Math.abs(time - end) ? 'start' : 'end';
    this.#sliders[this.#dragged].focus();
    this.#strip.setPointerCapture(event.pointerId);
    this.#drag(event);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.#dragged || !this.#handles) return;
    this.#handles.move(this.#dragged, this.#timeOf(event));
    this.update();
    this.#listener.moved(this.#dragged);
  }

  #release() {
    const side = this.#dragged;
    this.#dragged = null;
    if (side) this.#listener.placed(side);
  }

  /**
   * @param {Side} side
   * @param {KeyboardEvent} event
   */
  #press(side, event) {
    const step = STEPS[event.key];
    if (step === undefined || !this.#handles) return;
    event.preventDefault();
    this.#handles.step(side, step);
    this.update();
    this.#listener.placed(side);
  }

  /** @param {PointerEvent} event */
  #timeOf({ clientX }) {
    const { left, width } = this.#strip.getBoundingClientRect();
    const extent = /** @type {Handles} */ (this.#handles).extent;
    return timeAt(extent, (clientX - left) / (width || 1));
  }

  #draw() {
    const { clientWidth, clientHeight } = this.#film;
    if (!this.#tiles || !this.#handles || !clientWidth || !this.#picture.naturalWidth) return;
    const { width, height, tiles } = this.#tiles;
    const scale = Math.min(globalThis.devicePixelRatio ?? 1, 2);
    this.#film.width = clientWidth * scale;
    this.#film.height = clientHeight * scale;
    const context = this.#film.getContext('2d');
    const high = this.#film.height;
    const step = (high * width) / height;
    for (let x = 0; x < this.#film.width; x += step) {
      const time = timeAt(this.#handles.extent, (x + step / 2) / this.#film.width);
      const tile = tileAt(tiles, time);
      if (tile) context?.drawImage(this.#picture, tile.x, tile.y, width, height, x, 0, step, high);
    }
  }
}
