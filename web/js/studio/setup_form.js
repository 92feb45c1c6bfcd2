/**
 * The form that starts a room: the title, tags, and an access token if the server demands a token.
 */
import { byId, setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { withTags } from './live_tags.js';

/** @typedef {{status?: number, message?: string, retryAfter?: number}} Refusal */

export class SetupForm {
  #form = byId('setup');
  #title = /** @type {HTMLInputElement} */ (byId('title'));
  #tags = /** @type {HTMLInputElement} */ (byId('tags'));
  #token = /** @type {HTMLInputElement} */ (byId('token'));
  #button = /** @type {HTMLButtonElement} */ (byId('go-live'));
  #label = byId('go-live-label');
  #error = byId('setup-error');
  #submit;
  #environment;
  #timer = 0;
  #listening = new AbortController();

  /**
   * @param {(title: string, token: string) => Promise<void>} submit takes the title with the tags;
   *   rejects with a refusal of the API
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(submit, environment = BROWSER) {
    this.#submit = submit;
    this.#environment = environment;
    const submitted = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#go();
    };
    this.#form.addEventListener('submit', submitted, { signal: this.#listening.signal });
  }

  /** @param {string} title */
  set title(title) {
    this.#title.value = title;
  }

  /** @param {string} tags */
  set tags(tags) {
    this.#tags.value = tags;
  }

  showToken() {
    byId('token-field').hidden = false;
  }

  close() {
    this.#listening.abort();
    this.#environment.clearTimeout(this.#timer);
  }

  async #go() {
    if (this.#button.disabled) return;
    this.#button.disabled = true;
    setText(this.#error, '');
    let wait = 0;
    try {
      const title = withTags(this.#title.value.trim(), this.#tags.value);
      await this.#submit(title, this.#token.value.trim());
    } catch (error) {
      const { status, message = '', retryAfter = 0 } = /** @type {Refusal} */ (error);
      if (status === 401 || status === 403) {
        this.showToken();
        this.#token.focus();
      }
      setText(this.#error, message);
      wait = retryAfter;
    }
    this.#countDown(wait);
  }

  /** @param {number} seconds  time until the button may be used again */
  #countDown(seconds) {
    this.#button.disabled = seconds > 0;
    setText(this.#label, seconds > 0 ? t('studio.try_again_in', { seconds }) : t('site.go_live'));
    if (seconds > 0)
      this.#timer = this.#environment.setTimeout(() => this.#countDown(seconds - 1), 1_000);
  }
}
