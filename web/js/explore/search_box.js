/**
 * The search field of /explore. Sends a request shortly after the last key, and drops the answers of
 * earlier requests. The URL keeps the text, so that *back* and a copied link show the results again.
 *
 * @typedef {import('../api/discovery_api.js').Found} Found
 *
 * @typedef {object} SearchListener
 * @property {(text: string, found: Found) => void} found
 * @property {() => void} cleared  the field is empty
 * @property {(error: Error) => void} failed
 */
import { BROWSER } from '../page/environment.js';

const PAUSE = 220; // ms
const MAX_TEXT = 100;

export class SearchBox {
  #form;
  #field;
  #search;
  #listener;
  #environment;
  #listening = new AbortController();
  /** @type {AbortController | null} */
  #asking = null;
  #timer = 0;

  /**
   * @param {HTMLFormElement} form  with one search field
   * @param {(text: string, signal: AbortSignal) => Promise<Found>} search
   * @param {SearchListener} listener
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(form, search, listener, environment = BROWSER) {
    this.#form = form;
    this.#field = /** @type {HTMLInputElement} */ (form.querySelector('input'));
    this.#search = search;
    this.#listener = listener;
    this.#environment = environment;
    const { signal } = this.#listening;
    this.#field.addEventListener('input', () => this.#later(), { signal });
    form.addEventListener('submit', (event) => this.#submit(event), { signal });
  }

  /** The text in the field, without spaces at its ends. */
  get text() {
    return this.#field.value.trim().slice(0, MAX_TEXT);
  }

  /**
   * Searches for a text, or clears the results if the text is empty.
   * @param {string} text
   */
  show(text) {
    this.#field.value = text;
    void this.#ask();
  }

  close() {
    this.#stop();
    this.#listening.abort();
  }

  #stop() {
    this.#environment.clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  #later() {
    this.#stop();
    this.#timer = this.#environment.setTimeout(() => void this.#ask(), this.text ? PAUSE : 0);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.#field.blur();
    void this.#ask();
  }

  async #ask() {
    this.#stop();
    const { text } = this;
    if (!text) {
      this.#listener.cleared();
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    this.#form.setAttribute('aria-busy', 'true');
    try {
      const found = await this.#search(text, asking.signal);
      if (!asking.signal.aborted) this.#listener.found(text, found);
    } catch (error) {
      if (!asking.signal.aborted) this.#listener.failed(/** @type {Error} */ (error));
    }
    if (this.#asking === asking) this.#form.removeAttribute('aria-busy');
  }
}
