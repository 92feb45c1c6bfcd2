/**
 * Shows the remaining time of a live of fixed length: as a ring, and the last ten seconds also in
 * large digits.
 */
import { partOf, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

const LAST = 10; // number of last seconds that are shown in large digits
const SOON = 60; // number of last seconds during which the ring shows a warning
const EVERY = 250; // ms

/**
 * @typedef {object} CountdownEvent
 * @property {number | null} [ends_at]    ms since 1970
 * @property {number | null} [media_end]  media time of the end, µs
 * @property {number | null} [length]     s
 */

export class Countdown {
  #ring;
  #large;
  #mediaTime;
  #environment;
  /** @type {CountdownEvent} */
  #event = {};
  #timer = 0;

  /**
   * @param {HTMLElement} stage
   * @param {() => number} mediaTime  media time of the picture on the screen, µs; NaN while unknown
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(stage, mediaTime, environment) {
    this.#ring = partOf(stage, 'ring');
    this.#large = partOf(stage, 'last-seconds');
    this.#mediaTime = mediaTime;
    this.#environment = environment;
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  /** @param {CountdownEvent} event */
  set(event) {
    this.#event = event;
    this.#show();
  }

  #show() {
    this.#environment.clearTimeout(this.#timer);
    const left = secondsLeft(this.#event, this.#mediaTime(), this.#environment.date());
    this.#ring.hidden = left === null;
    this.#large.hidden = left === null || left > LAST || left === 0;
    if (left === null) return;
    const share = this.#event.length ? Math.min(1, left / this.#event.length) : 0;
    this.#ring.style.setProperty('--left', String(share));
    this.#ring.classList.toggle('soon', left <= SOON);
    setText(this.#ring, clockTime(left));
    this.#ring.title = t('social.time_left', { time: clockTime(left) });
    if (!this.#large.hidden && this.#large.textContent !== String(left)) this.#beat(left);
    if (left) this.#timer = this.#environment.setTimeout(() => this.#show(), EVERY);
  }

  /** @param {number} left  s */
  #beat(left) {
    setText(this.#large, String(left));
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    this.#large.animate(
      [
        { transform: 'scale(1.3)', opacity: 0.4 },
        { transform: 'none', opacity: 1 },
      ],
      { duration: 300, easing: 'ease-out' },
    );
  }
}

/**
 * Returns the whole seconds from the picture on the screen to the end; null without an end. Uses
 * media time if possible, because the clock of the reader may be wrong. Pure.
 * @param {CountdownEvent} event
 * @param {number} seen  media time of the picture, µs; NaN while unknown
 * @param {number} now   ms since 1970
 */
export function secondsLeft({ ends_at: endsAt, media_end: mediaEnd }, seen, now) {
  if (!endsAt) return null;
  const left = mediaEnd && seen > 0 ? (mediaEnd - seen) / 1_000_000 : (endsAt - now) / 1_000;
  return Math.max(0, Math.ceil(left));
}
