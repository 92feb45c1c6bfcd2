/**
 * The choices of a creator before going live: who may watch, the length of the live, and its mood.
 */
import { byId, setText } from '../page/dom.js';
import { keep, recall } from '../page/store.js';
import { t } from '../page/strings.js';

/** @typedef {import('../api/rooms_api.js').LiveChoices} Choices */

export class LiveChoices {
  #groups = { visibility: radios('visibility'), length: radios('length') };
  #moods = radios('mood');
  /** The chosen mood. A second press on it takes the choice back. */
  #mood = '';
  #listening = new AbortController();

  constructor() {
    for (const [name, group] of Object.entries(this.#groups)) {
      const kept = recall(name);
      for (const input of group) {
        if (kept !== null) input.checked = input.value === String(kept);
        input.addEventListener('change', () => this.#show(), { signal: this.#listening.signal });
      }
      if (!group.some(({ checked }) => checked) && group[0]) group[0].checked = true;
    }
    for (const input of this.#moods)
      input.addEventListener('click', () => this.#press(input), { signal: this.#listening.signal });
    this.#show();
  }

  /** The choices for the API. Omits choices that equal the server's default. @returns {Choices} */
  get value() {
    const visibility = /** @type {Choices['visibility']} */ (this.#chosen('visibility'));
    const length = Number(this.#chosen('length'));
    keep('visibility', visibility);
    keep('length', length);
    const mood = /** @type {Choices['mood']} */ (this.#mood);
    return {
      ...(visibility !== 'public' && { visibility }),
      ...(length && { length }),
      ...(mood && { mood }),
    };
  }

  close() {
    this.#listening.abort();
  }

  /** @param {HTMLInputElement} input */
  #press(input) {
    this.#mood = this.#mood === input.value ? '' : input.value;
    input.checked = this.#mood !== '';
  }

  /** @param {'visibility' | 'length'} name */
  #chosen(name) {
    return this.#groups[name].find(({ checked }) => checked)?.value ?? '';
  }

  #show() {
    setText(byId('visibility-why'), t(`studio.visibility.why.${this.#chosen('visibility')}`));
  }
}

/** @param {string} name */
function radios(name) {
  const group = byId(name).querySelectorAll('input');
  return /** @type {HTMLInputElement[]} */ ([...group]);
}
