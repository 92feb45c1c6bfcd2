/** The passkeys of the person, or the reason why there can be none. */
import { setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';
import * as api from '../people/people_api.js';
import { browserHasPasskeys, makePasskey, PasskeyRefused } from '../people/passkeys.js';
import { Section } from './section.js';

export class PasskeysSection extends Section {
  #possible = false;
  #label;

  /** @param {string} label  name of this browser, such as “Chrome · Android” */
  constructor(label) {
    super('passkeys');
    this.#label = label;
    this.on('add', () => this.#add());
  }

  /** @param {boolean} possible  whether passkeys are possible at this address */
  set possible(possible) {
    this.#possible = possible;
    const add = possible && browserHasPasskeys();
    this.part('add').hidden = !add;
    const why = add ? 'why' : possible ? 'no_browser' : isAddress() ? 'no_address' : 'no_https';
    setText(this.part('why'), t(`me.passkeys.${why}`));
  }

  async refresh() {
    if (this.#possible) await this.attempt(() => this.#load());
  }

  async #load() {
    const passkeys = await api.passkeys();
    this.showRows(
      passkeys.map(({ id, label, created_at, used_at }) => ({
        title: label || t('me.passkeys.unnamed'),
        lines: [
          used_at
            ? t('me.passkeys.used', { date: dateOf(used_at * 1_000) })
            : t('me.passkeys.made', { date: dateOf(created_at * 1_000) }),
        ],
        buttons: [
          {
            label: t('me.remove'),
            name: t('me.passkeys.remove', { name: label }),
            press: () => this.attempt(() => this.#remove(id)),
          },
        ],
      })),
    );
  }

  /** @param {string} passkey */
  async #remove(passkey) {
    await api.removePasskey(passkey);
    await this.#load();
  }

  async #add() {
    try {
      await makePasskey(this.#label);
    } catch (error) {
      if (!(error instanceof PasskeyRefused)) throw error;
      setText(this.part('error'), t('me.passkeys.refused'));
      return;
    }
    await this.#load();
  }
}

/** Whether the page's host is an IP address. Browsers allow no passkeys for addresses. */
function isAddress() {
  return /^(\[.*\]|[\d.]+)$/.test(location.hostname);
}
