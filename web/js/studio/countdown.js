/**
 * The remaining time of a live whose length the creator chose: a ring around the time, and a button
 * that adds a minute.
 */
import { byId, setText, toast } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import { remaining } from './remaining.js';

const EVERY = 250; // ms

export class Countdown {
  #api;
  #environment;
  #ticker;
  /** @type {number | null} ms since 1970 */
  #endsAt = null;
  #whole = 0;
  #button = /** @type {HTMLButtonElement} */ (byId('add-minute'));
  #listening = new AbortController();

  /**
   * @param {Pick<import('../api/live_api.js').LiveApi, 'addMinute'>} api
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, environment = BROWSER) {
    this.#api = api;
    this.#environment = environment;
    this.#button.addEventListener('click', () => this.#add(), { signal: this.#listening.signal });
    this.#ticker = environment.setInterval(() => this.#show(), EVERY);
    this.#show();
  }

  /** @param {{ends_at: number | null, length?: number | null}} event */
  handle({ ends_at, length }) {
    this.#endsAt = ends_at;
    const left = ends_at === null ? 0 : (ends_at - this.#environment.date()) / 1_000;
    this.#whole = Math.max(length ?? 0, this.#whole, left);
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#environment.clearInterval(this.#ticker);
    this.#endsAt = null;
    this.#show();
  }

  #show() {
    const left = remaining(this.#endsAt, this.#whole, this.#environment.date());
    byId('countdown').hidden = !left;
    if (!left) return;
    const ring = byId('countdown-ring');
    ring.style.setProperty('--part', left.part.toFixed(3));
    byId('countdown').dataset.last = String(left.last);
    setText(byId('countdown-text'), clockTime(left.seconds));
  }

  async #add() {
    this.#button.disabled = true;
    try {
      this.handle(await this.#api.addMinute());
      toast(t('studio.countdown.added'));
    } catch (error) {
      toast(/** @type {Error} */ (error).message);
    }
    this.#button.disabled = false;
  }
}
