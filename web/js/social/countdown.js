/** The time that a live of fixed length has left: a ring, and the last ten seconds in large. */
import { partOf, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

const LAST = 10; // s that are shown in large
const SOON = 60; // s before the end at which the ring warns
const EVERY = 250; // ms

export class Countdown {
  #ring;
  #large;
  #environment;
  #offset;
  #endsAt = 0;
  #length = 0;
  #timer = 0;

  /**
   * @param {HTMLElement} stage
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(stage, environment) {
    this.#ring = partOf(stage, 'ring');
    this.#large = partOf(stage, 'last-seconds');
    this.#environment = environment;
    this.#offset = () => environment.date();
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  /** @param {{ends_at?: number | null, length?: number | null}} event  `ends_at`: ms since 1970 */
  set({ ends_at: endsAt, length }) {
    this.#endsAt = endsAt ?? 0;
    const left = (this.#endsAt - this.#offset()) / 1_000;
    this.#length = Math.max(this.#length, length ?? 0, left);
    this.#show();
  }

  #show() {
    this.#environment.clearTimeout(this.#timer);
    const left = Math.max(0, Math.ceil((this.#endsAt - this.#offset()) / 1_000));
    this.#ring.hidden = !this.#endsAt;
    this.#large.hidden = !this.#endsAt || left > LAST || left === 0;
    if (!this.#endsAt) return;
    this.#ring.style.setProperty('--left', String(this.#length ? left / this.#length : 0));
    this.#ring.classList.toggle('soon', left <= SOON);
    setText(this.#ring, clockTime(left));
    this.#ring.setAttribute('aria-label', t('social.time_left', { time: clockTime(left) }));
    if (!this.#large.hidden && this.#large.textContent !== String(left)) {
      setText(this.#large, String(left));
      if (!matchMedia('(prefers-reduced-motion: reduce)').matches)
        this.#large.animate(
          [
            { transform: 'scale(1.3)', opacity: 0.4 },
            { transform: 'none', opacity: 1 },
          ],
          { duration: 300, easing: 'ease-out' },
        );
    }
    if (left) this.#timer = this.#environment.setTimeout(() => this.#show(), EVERY);
  }
}
