/**
 * One section of the page /me. A folded section loads its list when the person opens the section.
 * `close` removes all listeners.
 */
import { byId, partOf, setText } from '../page/dom.js';
import { rowOf } from '../people/rows.js';

/** @typedef {import('../api/request.js').ApiError} ApiError */

export class Section {
  /** @type {HTMLElement} */
  root;
  #listening = new AbortController();

  /** @param {string} id of the section's element */
  constructor(id) {
    this.root = byId(id);
    this.root.addEventListener('toggle', () => this.open && this.refresh(), {
      signal: this.#listening.signal,
    });
  }

  get open() {
    return !(this.root instanceof HTMLDetailsElement) || this.root.open;
  }

  /** Loads and shows the section's content. Does nothing if the section has no content to load. */
  refresh() {}

  close() {
    this.#listening.abort();
  }

  /**
   * @template {HTMLElement} [T=HTMLElement]
   * @param {string} name
   * @returns {T}
   */
  part(name) {
    return partOf(this.root, name);
  }

  /**
   * Shows the rows in the part `list`. If there are no rows, shows the part `empty`.
   * @param {import('../people/rows.js').Row[]} rows
   */
  showRows(rows) {
    this.part('list').replaceChildren(...rows.map(rowOf));
    const empty = /** @type {HTMLElement | null} */ (
      this.root.querySelector('[data-part="empty"]')
    );
    if (empty) empty.hidden = rows.length > 0;
  }

  /**
   * Calls `action` when the person presses the button or submits the form. The button is disabled
   * until `action` ends; an error is shown in the section.
   * @param {string} name  name of a part, which is a button or a form
   * @param {() => Promise<unknown>} action
   */
  on(name, action) {
    const element = this.part(name);
    const type = element instanceof HTMLFormElement ? 'submit' : 'click';
    element.addEventListener(
      type,
      (event) => {
        event.preventDefault();
        void this.attempt(action, element);
      },
      { signal: this.#listening.signal },
    );
  }

  /**
   * @param {() => unknown} action
   * @param {HTMLElement} [element] the button, or the form with the button
   * @returns {Promise<boolean>} whether the action succeeded
   */
  async attempt(action, element) {
    const button = /** @type {HTMLButtonElement | null | undefined} */ (
      element instanceof HTMLFormElement ? element.querySelector('button') : element
    );
    if (button?.disabled) return false;
    if (button) button.disabled = true;
    setText(this.part('error'), '');
    try {
      await action();
      return true;
    } catch (error) {
      setText(this.part('error'), /** @type {ApiError} */ (error).message);
      return false;
    } finally {
      if (button) button.disabled = false;
    }
  }
}
