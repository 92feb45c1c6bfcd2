/** Offers the best moment so far to the creator while the live runs: one tap publishes a clip. */
import { byId, setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
/**
 * @typedef {import('../api/live_api.js').Moment} Moment
 * @typedef {'offered' | 'publishing' | 'published'} State
 * @typedef {Pick<import('../api/clips_api.js').ClipsApi, 'publishMoment'>} Api
 */

const PUBLISHED_FOR = 6_000; // ms for which the result is shown

export class MomentCard {
  #api;
  #environment;
  /** @type {Moment | null} */
  #moment = null;
  /** Peak of the last moment that the creator published or dismissed, µs. */
  #done = -1;
  /** @type {State} */
  #state = 'offered';
  #timer = 0;
  #closed = false;

  /**
   * @param {Api} api
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, environment = BROWSER) {
    this.#api = api;
    this.#environment = environment;
    byId('moment-publish').onclick = () => void this.#publish();
    byId('moment-dismiss').onclick = () => this.#finish();
    this.#hide();
  }

  /** @param {Moment | null | undefined} moment  the best moment so far, while it is offered */
  handle(moment) {
    if (this.#state !== 'offered') return;
    if (!moment || moment.peak === this.#done) return this.#hide();
    if (moment.peak === this.#moment?.peak) return;
    this.#moment = moment;
    const time = clockTime(moment.at);
    setText(byId('moment-text'), t('studio.moment.what', { time, count: moment.people }));
    setText(byId('moment-publish'), t('studio.moment.publish'));
    byId('moment').hidden = false;
  }

  close() {
    this.#closed = true;
    this.#environment.clearTimeout(this.#timer);
    this.#hide();
  }

  async #publish() {
    const moment = this.#moment;
    if (!moment || this.#state !== 'offered') return;
    this.#show('publishing', t('studio.moment.publishing'));
    try {
      const { state } = await this.#api.publishMoment(moment);
      if (this.#closed) return;
      const waits = state === 'waiting';
      setText(byId('moment-text'), t(waits ? 'studio.moment.waiting' : 'studio.moment.published'));
      this.#show('published', '');
      this.#timer = this.#environment.setTimeout(() => this.#finish(), PUBLISHED_FOR);
    } catch (error) {
      if (this.#closed) return;
      setText(byId('moment-text'), /** @type {Error} */ (error).message);
      this.#show('offered', t('site.try_again'));
    }
  }

  /**
   * @param {State} state
   * @param {string} label  of the button; '' hides the button
   */
  #show(state, label) {
    this.#state = state;
    const button = /** @type {HTMLButtonElement} */ (byId('moment-publish'));
    button.hidden = !label;
    button.disabled = state === 'publishing';
    setText(button, label);
  }

  #finish() {
    this.#environment.clearTimeout(this.#timer);
    this.#done = this.#moment?.peak ?? this.#done;
    this.#hide();
  }

  #hide() {
    this.#moment = null;
    this.#show('offered', t('studio.moment.publish'));
    byId('moment').hidden = true;
  }
}
