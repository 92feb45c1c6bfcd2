/**
 * The bar of an instant replay: pause, a slider over the window with the hearts as a curve on it,
 * the distance to the live, and the button that returns to the live. `close` removes the bar; the
 * focus of a keyboard then goes to the button that begins an instant replay.
 *
 * @typedef {object} ScrubActions
 * @property {(behind: number) => void} scrub  the viewer has chosen a moment, s behind the live edge
 * @property {(seconds: number) => void} jump
 * @property {() => void} toggle
 * @property {() => void} leave
 */
import { partOf, setText } from '../page/dom.js';
import { copyOf } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

const STEP = 5; // s that an arrow key moves
const [PAGE_BACK, PAGE_AHEAD] = [-15, 15]; // s

export class ScrubBar {
  #root;
  #opener;
  #actions;
  /** @type {HTMLInputElement} */
  #slider;
  #pause;
  #time;
  #curve;
  #held = false;

  /**
   * @param {HTMLElement} stage
   * @param {HTMLTemplateElement} template
   * @param {ScrubActions} actions
   */
  constructor(stage, template, actions) {
    this.#actions = actions;
    this.#root = copyOf(template);
    this.#opener = partOf(stage, 'rewind');
    this.#slider = partOf(this.#root, 'rewind-slider');
    this.#pause = partOf(this.#root, 'rewind-pause');
    this.#time = partOf(this.#root, 'rewind-time');
    this.#curve = partOf(this.#root, 'rewind-curve');
    this.#pause.addEventListener('click', actions.toggle);
    partOf(this.#root, 'rewind-live').addEventListener('click', actions.leave);
    this.#slider.addEventListener('input', () => {
      this.#held = true;
      this.#tell(-this.#slider.valueAsNumber);
    });
    this.#slider.addEventListener('change', () => {
      this.#held = false;
      actions.scrub(-this.#slider.valueAsNumber);
    });
    this.#slider.addEventListener('keydown', (event) => this.#key(event));
    stage.append(this.#root);
  }

  close() {
    // After a tap, the focus would keep the other buttons visible.
    const focused = this.#root.querySelector(':focus-visible');
    this.#root.remove();
    if (focused) this.#opener.focus();
  }

  /**
   * @param {object} figures
   * @param {number} figures.length  s from the earliest moment to the live edge
   * @param {number} figures.behind  s from the moment on the screen to the live edge
   * @param {boolean} figures.paused
   * @param {boolean} figures.waiting
   */
  show({ length, behind, paused, waiting }) {
    this.#root.dataset.waiting = String(waiting);
    this.#pause.setAttribute('aria-pressed', String(paused));
    const label = paused ? t('room.rewind_play') : t('room.rewind_pause');
    if (this.#pause.ariaLabel !== label) this.#pause.ariaLabel = label;
    if (this.#held) return;
    this.#slider.min = String(-Math.ceil(length));
    this.#slider.value = String(-behind);
    this.#tell(behind);
  }

  /** @param {string} path  `d` of the curve */
  set curve(path) {
    this.#curve.firstElementChild?.setAttribute('d', path);
  }

  /** @param {number} behind  s */
  #tell(behind) {
    const seconds = Math.max(0, Math.round(behind));
    setText(this.#time, `−${clockTime(seconds)}`);
    this.#slider.setAttribute('aria-valuetext', t('room.behind_live', { count: seconds }));
    const length = -Number(this.#slider.min);
    this.#root.style.setProperty('--at', String(length ? 1 - Math.min(1, behind / length) : 1));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => this.#actions.jump(-STEP),
      ArrowDown: () => this.#actions.jump(-STEP),
      ArrowRight: () => this.#actions.jump(STEP),
      ArrowUp: () => this.#actions.jump(STEP),
      PageDown: () => this.#actions.jump(PAGE_BACK),
      PageUp: () => this.#actions.jump(PAGE_AHEAD),
      Home: () => this.#actions.jump(-Infinity),
      End: () => this.#actions.leave(),
      l: () => this.#actions.leave(),
      k: () => this.#actions.toggle(),
    };
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}
