/**
 * The button that raises the shield with one tap. While the shield is up, only known people may
 * write, slow mode is on, and links and joins are off. The button shows the time that is left.
 */
import { byId, setText, toast } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

export class ShieldButton {
  #api;
  #environment;
  #ticker;
  #button = /** @type {HTMLButtonElement} */ (byId('shield'));
  /** @type {{on: boolean, until: number | null}} */
  #state = { on: false, until: null };
  #listening = new AbortController();

  /**
   * @param {Pick<import('../moderation/moderation_api.js').ModerationApi, 'shield'>} api
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, environment = BROWSER) {
    this.#api = api;
    this.#environment = environment;
    this.#button.addEventListener('click', () => this.#toggle(), {
      signal: this.#listening.signal,
    });
    this.#ticker = environment.setInterval(() => this.#show(), 1_000);
    this.#show();
  }

  /** @param {{shield?: {on: boolean, until: number | null}}} settings */
  handle({ shield = { on: false, until: null } }) {
    this.#state = shield;
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#environment.clearInterval(this.#ticker);
    this.#state = { on: false, until: null };
    this.#show();
  }

  async #toggle() {
    const on = !this.#state.on;
    this.#button.disabled = true;
    try {
      this.handle(await this.#api.shield(on));
      toast(t(on ? 'studio.shield.raised' : 'studio.shield.lowered'));
    } catch (error) {
      toast(/** @type {Error} */ (error).message);
    }
    this.#button.disabled = false;
  }

  #show() {
    const { on, until } = this.#state;
    const left = until === null ? 0 : (until - this.#environment.date()) / 1_000;
    this.#button.setAttribute('aria-pressed', String(on));
    this.#button.setAttribute('aria-label', t(on ? 'studio.shield.lower' : 'studio.shield.raise'));
    setText(byId('shield-time'), on && left > 0 ? clockTime(Math.ceil(left)) : '');
  }
}
