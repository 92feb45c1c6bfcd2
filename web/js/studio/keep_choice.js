/** The creator's choice before going live: whether the replay of the live is kept. */
import { byId } from '../page/dom.js';
import { keep, recall } from '../page/store.js';

/** @typedef {import('../api/live_api.js').Keep} Keep */

export class KeepChoice {
  #inputs = /** @type {HTMLInputElement[]} */ ([...byId('keep').querySelectorAll('input')]);
  /** @type {Keep | null} */
  #standard = null;

  constructor() {
    this.#choose(recall('keep') ?? 'day');
  }

  /**
   * The choice that the server makes for creators who do not choose.
   * @param {Keep | undefined} standard
   */
  set standard(standard) {
    if (!standard) return;
    this.#standard = standard;
    if (recall('keep') === null) this.#choose(standard);
  }

  /** The choice to send to the server; null if the server makes the same choice by itself. */
  get value() {
    const chosen = /** @type {Keep} */ (this.#inputs.find(({ checked }) => checked)?.value);
    if (chosen === this.#standard && recall('keep') === null) return null;
    keep('keep', chosen);
    return chosen === this.#standard ? null : chosen;
  }

  /** @param {string} value */
  #choose(value) {
    for (const input of this.#inputs) input.checked = input.value === value;
  }
}
