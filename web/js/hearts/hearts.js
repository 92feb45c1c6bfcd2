/**
 * The heart button, the tray with six emoji, and the floating hearts of all viewers. If the reader
 * prefers reduced motion, a counter replaces the floating hearts.
 */
import { partOf, setText } from '../page/dom.js';
import { actionOf } from '../page/gesture_table.js';
import { Gestures } from '../page/gestures.js';
import { shortNumber, t } from '../page/strings.js';
import { EMOJI, isEmoji, pictureOf } from './emoji.js';
import { HeartCanvas } from './heart_canvas.js';
import { TapBatch } from './tap_batch.js';

const SPREAD = 900; // ms over which the hearts of one tally appear
const DRAWN = 8; // maximum number of hearts that are drawn for one tally
const TOO_LATE = 3_000; // ms after which the server has surely counted an own tap

/**
 * @typedef {object} HeartsOptions
 * @property {(notice: object) => void} send
 * @property {() => number} mediaTime
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 */

export class Hearts {
  #root;
  #button;
  #tray;
  #opener;
  #canvas;
  #batch;
  #environment;
  #gestures;
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  /** Own taps that the server has not counted yet. @type {{emoji: string, at: number}[]} */
  #own = [];
  #total = 0;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {HeartsOptions} options
   */
  constructor(root, { send, mediaTime, environment }) {
    this.#root = root;
    this.#environment = environment;
    this.#button = partOf(root, 'heart');
    this.#tray = partOf(root, 'tray');
    this.#opener = partOf(root, 'emoji');
    this.#canvas = new HeartCanvas(partOf(root, 'hearts'));
    this.#batch = new TapBatch(send, mediaTime, environment);
    this.#fillTray();
    const { signal } = this.#listening;
    this.#button.addEventListener(
      'click',
      () => actionOf('heart', 'tap') === 'heart' && this.tap('heart'),
      { signal },
    );
    this.#opener.addEventListener('click', () => this.toggleTray(), { signal });
    this.#gestures = new Gestures(
      this.#button,
      { hold: () => (actionOf('heart', 'hold') === 'emoji' ? this.toggleTray(true) : false) },
      environment,
      '',
    );
    this.#tray.addEventListener(
      'keydown',
      ({ key }) => {
        if (key !== 'Escape') return;
        this.toggleTray(false);
        this.#opener.focus();
      },
      { signal },
    );
    document.addEventListener('pointerdown', (event) => this.#pressedElsewhere(event), { signal });
  }

  close() {
    this.#listening.abort();
    this.#gestures.close();
    this.#batch.close();
    this.#canvas.close();
  }

  /**
   * Sends a reaction and shows it at once.
   * @param {string} emoji  one of EMOJI
   * @param {{x: number, y: number}} [place]  px in the window; by default above the button
   */
  tap(emoji, place = this.#mouth()) {
    this.#batch.tap(emoji);
    this.#own.push({ emoji, at: this.#environment.now() });
    this.#beat();
    this.#show(emoji, 1, place);
  }

  /**
   * Shows the taps of all viewers. Own taps are already shown.
   * @param {{taps?: Record<string, number>}} tally
   */
  receive({ taps = {} }) {
    const now = this.#environment.now();
    this.#own = this.#own.filter(({ at }) => now - at < TOO_LATE);
    for (const [emoji, count] of Object.entries(taps)) {
      if (!isEmoji(emoji)) continue;
      const mine = Math.min(count, this.#own.filter((each) => each.emoji === emoji).length);
      for (let n = 0; n < mine; n++)
        this.#own.splice(
          this.#own.findIndex((each) => each.emoji === emoji),
          1,
        );
      if (count > mine) this.#show(emoji, count - mine, this.#mouth());
    }
  }

  /**
   * @param {boolean} [open]  whether to open the tray; by default, the opposite of the present
   *   state
   */
  toggleTray(open = this.#tray.hidden) {
    this.#tray.hidden = !open;
    this.#opener.setAttribute('aria-expanded', String(open));
    if (open) /** @type {HTMLElement | null} */ (this.#tray.firstElementChild)?.focus();
  }

  #fillTray() {
    this.#tray.replaceChildren(
      ...EMOJI.map((name) => {
        const button = document.createElement('button');
        button.type = 'button';
        const picture = document.createElement('img');
        picture.src = pictureOf(name);
        picture.alt = '';
        button.append(picture);
        button.dataset.emoji = name;
        button.setAttribute('aria-label', t(`hearts.${name}`));
        button.addEventListener('click', () => this.tap(name), { signal: this.#listening.signal });
        return button;
      }),
    );
  }

  /** @param {PointerEvent} event */
  #pressedElsewhere({ target }) {
    const inside =
      this.#tray.contains(/** @type {Node} */ (target)) ||
      this.#opener.contains(/** @type {Node} */ (target)) ||
      this.#button.contains(/** @type {Node} */ (target));
    if (!inside && !this.#tray.hidden) this.toggleTray(false);
  }

  /**
   * @param {string} emoji
   * @param {number} count
   * @param {{x: number, y: number}} place
   */
  #show(emoji, count, { x, y }) {
    this.#total += count;
    if (this.#still.matches) {
      setText(partOf(this.#root, 'heart-count'), shortNumber(this.#total));
      return;
    }
    const drawn = Math.min(count, DRAWN);
    for (let n = 0; n < drawn; n++)
      this.#canvas.add(emoji, x, y, n ? (SPREAD / drawn) * (n - 1 + Math.random()) : 0);
  }

  /** Returns a random point on the upper edge of the heart button, where a heart starts, px. */
  #mouth() {
    const { left, top, width } = this.#button.getBoundingClientRect();
    return { x: left + width / 2 + (Math.random() - 0.5) * 16, y: top };
  }

  #beat() {
    if (this.#still.matches) return;
    this.#button.animate(
      [{ transform: 'scale(1)' }, { transform: 'scale(1.22)' }, { transform: 'scale(1)' }],
      { duration: 180, easing: 'ease-out' },
    );
  }
}
