/**
 * Offers to tell the user when a creator is live, right after the user has followed the creator. Asks
 * once; after “not now”, asks again when a month has passed.
 */
import { element } from '../page/element.js';
import { keep, recall } from '../page/store.js';
import { t } from '../page/strings.js';
import { loadStyle } from '../page/style.js';
import { PushBrowser } from './push_browser.js';

const AGAIN_AFTER = 30 * 86_400_000; // ms
const DECLINED = 'push-declined';
const SHOWN_FOR = 8_000; // ms, for the result

export class FollowOffer {
  #parent;
  #browser;
  /** @type {HTMLElement | null} */
  #card = null;

  /**
   * @param {HTMLElement} parent  the offer becomes its last element
   * @param {PushBrowser} [browser]
   */
  constructor(parent, browser = new PushBrowser()) {
    this.#parent = parent;
    this.#browser = browser;
  }

  close() {
    this.#card?.remove();
    this.#card = null;
  }

  /**
   * Shows the offer, unless pushes are on or impossible, or the user has declined lately.
   * @param {string} name  of the creator
   */
  async show(name) {
    this.close();
    if (Date.now() - (recall(DECLINED) ?? -Infinity) < AGAIN_AFTER) return;
    const state = await this.#browser.state();
    if (state !== 'off' && state !== 'install') return;
    await loadStyle('css/push_offer.css');
    this.close();
    this.#card = state === 'off' ? this.#question(name) : this.#hint(name);
    this.#parent.append(this.#card);
  }

  /** @param {string} name */
  #question(name) {
    const yes = button('button primary', t('push.yes'), 'push-yes');
    const no = button('button', t('push.no'), 'push-no');
    const card = cardOf(t('push.offer', { name }), yes, no);
    no.addEventListener('click', () => this.#decline());
    yes.addEventListener('click', () => void this.#accept(name, card, yes));
    return card;
  }

  /** @param {string} name */
  #hint(name) {
    const close = button('button', t('site.close'), 'push-no');
    close.addEventListener('click', () => this.#decline());
    return cardOf(t('push.install', { name }), close);
  }

  #decline() {
    keep(DECLINED, Date.now());
    this.close();
  }

  /**
   * @param {string} name
   * @param {HTMLElement} card
   * @param {HTMLButtonElement} yes
   */
  async #accept(name, card, yes) {
    yes.disabled = true;
    let text;
    try {
      const state = await this.#browser.turnOn();
      text = state === 'on' ? t('push.on', { name }) : t('push.denied');
    } catch (error) {
      text = /** @type {Error} */ (error).message;
    }
    card.replaceChildren(element('p', '', text));
    setTimeout(() => card.remove(), SHOWN_FOR);
  }
}

/**
 * @param {string} text
 * @param {HTMLElement[]} buttons
 */
function cardOf(text, ...buttons) {
  const card = element('section', 'push-offer');
  card.setAttribute('role', 'status');
  card.dataset.testid = 'push-offer';
  const actions = element('div', 'actions');
  actions.append(...buttons);
  card.append(element('p', '', text), actions);
  return card;
}

/**
 * @param {string} className
 * @param {string} text
 * @param {string} id
 */
function button(className, text, id) {
  const made = element('button', className, text);
  made.type = 'button';
  made.dataset.testid = id;
  return made;
}
