/** Signs this browser in as a person who already has a handle. */
import { setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import * as api from '../people/people_api.js';
import { browserHasPasskeys, PasskeyRefused, signInWithPasskey } from '../people/passkeys.js';
import { Section } from './section.js';

export class SignInSection extends Section {
  #signedIn;

  /**
   * @param {() => void} signedIn  called after a sign-in, when the cookie identifies another person
   */
  constructor(signedIn) {
    super('sign-in');
    this.#signedIn = signedIn;
    this.on('passkey', () => this.#usePasskey());
    this.on('code-form', () => this.useCode(this.#value('code')));
    this.on('recovery-form', () => this.#recover());
  }

  /** @param {boolean} possible  whether passkeys are possible at this address */
  set passkeys(possible) {
    this.part('passkey').hidden = !possible || !browserHasPasskeys();
  }

  /** @param {string} code */
  async useCode(code) {
    await api.useTransfer(code);
    this.#signedIn();
  }

  /**
   * Signs in with the code from a link. If this fails, the section shows the error.
   * @param {string} code
   */
  async arrive(code) {
    const done = await this.attempt(() => this.useCode(code));
    if (!done) /** @type {HTMLDetailsElement} */ (this.root).open = true;
  }

  async #usePasskey() {
    try {
      await signInWithPasskey();
    } catch (error) {
      if (!(error instanceof PasskeyRefused)) throw error;
      setText(this.part('error'), t('me.passkeys.refused'));
      return;
    }
    this.#signedIn();
  }

  async #recover() {
    const handle = this.#value('recovery-handle').replace(/^\s*@/, '');
    await api.recover(handle, this.#value('recovery-code'));
    this.#signedIn();
  }

  /** @param {string} name */
  #value(name) {
    return /** @type {HTMLInputElement} */ (this.part(name)).value.trim();
  }
}
