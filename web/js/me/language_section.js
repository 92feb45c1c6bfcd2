/** The choice of the pages' language. After a change, the page loads again in the new language. */
import { Section } from './section.js';

/** @typedef {'' | 'en' | 'ko'} Language */

export class LanguageSection extends Section {
  #inputs = /** @type {HTMLInputElement[]} */ ([...this.root.querySelectorAll('input')]);

  /**
   * @param {import('../people/identity.js').Identity} identity
   * @param {() => void} changed
   */
  constructor(identity, changed) {
    super('language');
    for (const input of this.#inputs) {
      input.addEventListener('change', () =>
        this.attempt(async () => {
          await identity.change({ language: /** @type {Language} */ (input.value) || null });
          changed();
        }),
      );
    }
  }

  /** @param {string | null} language */
  set chosen(language) {
    for (const input of this.#inputs) input.checked = input.value === (language ?? '');
  }
}
