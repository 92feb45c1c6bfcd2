/** The browsers that get a notification when a creator whom the person follows goes live. */
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';
import * as api from '../push/push_api.js';
import { PushBrowser } from '../push/push_browser.js';
import { setText } from '../page/dom.js';
import { Section } from './section.js';

export class PushSection extends Section {
  #browser;
  #switch = /** @type {HTMLInputElement} */ (this.part('switch'));

  /** @param {PushBrowser} [browser] */
  constructor(browser = new PushBrowser()) {
    super('push');
    this.#browser = browser;
    this.#switch.addEventListener('change', () => void this.#toggle());
  }

  async refresh() {
    await this.attempt(() => this.#load());
  }

  async #toggle() {
    const { checked } = this.#switch;
    this.#switch.disabled = true;
    await this.attempt(() => (checked ? this.#browser.turnOn() : this.#browser.turnOff()));
    await this.#load().catch(() => {}); // the section shows the error of the switch, if any
  }

  async #load() {
    const state = await this.#browser.state();
    const browsers = await api.subscriptions();
    const here = browsers.some(({ current }) => current);
    this.#switch.checked = state === 'on' && here;
    this.#switch.disabled = state !== 'on' && state !== 'off';
    const obstacle = this.part('obstacle');
    obstacle.hidden = !this.#switch.disabled;
    if (this.#switch.disabled) setText(obstacle, t(`me.push.${state}`));
    this.showRows(
      browsers.map((browser) => ({
        title: browser.label || t('me.devices.unnamed'),
        lines: [
          browser.current ? t('me.devices.current') : '',
          t('me.push.since', { date: dateOf(browser.created_at * 1_000) }),
        ],
        buttons: [
          { label: t('me.push.remove'), press: () => this.attempt(() => this.#remove(browser)) },
        ],
      })),
    );
  }

  /** @param {api.SubscribedBrowser} browser */
  async #remove(browser) {
    await (browser.current ? this.#browser.turnOff() : api.unsubscribe(browser.id));
    await this.#load();
  }
}
