/**
 * The column of pages that the viewer swipes through: the browser scrolls it and snaps to each page.
 * Wheels and keys move it by whole pages. `close` releases everything.
 *
 * @typedef {object} DeckListener
 * @property {(position: number) => void} moved  the deck is at this place, in pages
 * @property {(index: number) => void} rested    the deck rests on this page
 * @property {(direction: 1 | -1) => void} step  the viewer asks for the next or the previous page
 */
import { BROWSER } from '../page/environment.js';
import { WheelSteps } from './wheel_steps.js';

const STILL = 140; // ms without a scroll event after which the deck rests
const NEAR = 0.02; // pages; distance from a page at which the deck counts as resting on the page

export class Deck {
  #element;
  #listener;
  #wheel = new WheelSteps();
  #timer = 0;
  #touched = false;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {DeckListener} listener
   */
  constructor(element, listener) {
    this.#element = element;
    this.#listener = listener;
    const { signal } = this.#listening;
    element.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    element.addEventListener('scrollend', () => this.#rest(), { signal });
    element.addEventListener('wheel', (event) => this.#turn(event), { signal, passive: false });
    const touch = (/** @type {TouchEvent} */ { touches }) => {
      this.#touched = touches.length > 0;
      if (!this.#touched) this.#restSoon();
    };
    for (const type of ['touchstart', 'touchend', 'touchcancel'])
      element.addEventListener(type, /** @type {EventListener} */ (touch), {
        signal,
        passive: true,
      });
  }

  close() {
    BROWSER.clearTimeout(this.#timer);
    this.#listening.abort();
  }

  /** Place of the deck in pages. */
  get position() {
    return this.#pitch ? this.#element.scrollTop / this.#pitch : 0;
  }

  /**
   * @param {number} index
   * @param {boolean} [smooth]
   */
  show(index, smooth = false) {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const behavior = smooth && !calm ? 'smooth' : 'instant';
    this.#element.scrollTo({ top: index * this.#pitch, behavior });
    this.#restSoon();
  }

  /** Distance of two pages, px. */
  get #pitch() {
    const [first, second] = /** @type {HTMLElement[]} */ ([...this.#element.children]);
    if (!first) return 0;
    return second ? second.offsetTop - first.offsetTop : first.offsetHeight;
  }

  #scrolled() {
    this.#listener.moved(this.position);
    this.#restSoon();
  }

  #restSoon() {
    BROWSER.clearTimeout(this.#timer);
    this.#timer = BROWSER.setTimeout(() => this.#rest(), STILL);
  }

  /** Browsers without `scrollend`, and a deck that was not scrolled at all, rest after a pause. */
  #rest() {
    const { position } = this;
    const index = Math.round(position);
    if (this.#touched || Math.abs(position - index) > NEAR) return;
    BROWSER.clearTimeout(this.#timer);
    this.#listener.rested(index);
  }

  /** @param {WheelEvent} event */
  #turn(event) {
    if (event.ctrlKey || inDialog(event) || scrolls(event)) return;
    event.preventDefault();
    const direction = this.#wheel.add(pixelsOf(event), event.timeStamp);
    if (direction) this.#listener.step(direction);
  }
}

/**
 * Whether an element below the pointer scrolls by itself, such as the chat beside the picture.
 * @param {WheelEvent} event
 */
function scrolls({ target, currentTarget }) {
  for (let at = /** @type {Element | null} */ (target); at; at = at.parentElement) {
    if (at === currentTarget) return false;
    const { overflowY } = getComputedStyle(at);
    if (overflowY !== 'visible' && overflowY !== 'hidden' && at.scrollHeight > at.clientHeight)
      return true;
  }
  return false;
}

/** @param {WheelEvent} event */
const inDialog = ({ target }) => /** @type {Element} */ (target).closest('dialog') !== null;

/** @param {WheelEvent} event */
function pixelsOf({ deltaY, deltaMode }) {
  return deltaY * (deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 40);
}
