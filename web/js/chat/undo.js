/** Offers to undo the last action for ten seconds. */
import { partOf, setText } from '../page/dom.js';

const OFFERED_FOR = 10_000; // ms; the server allows an undo for the same time

export class Undo {
  #box;
  #text;
  #button;
  #environment;
  #timer = 0;
  /** @type {(() => void) | null} */
  #undo = null;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   *   environment
   */
  constructor(root, environment) {
    this.#box = partOf(root, 'undo');
    this.#text = partOf(root, 'undo-text');
    this.#button = partOf(root, 'undo-button');
    this.#environment = environment;
    this.#button.addEventListener(
      'click',
      () => {
        const undo = this.#undo;
        this.#end();
        undo?.();
      },
      { signal: this.#listening.signal },
    );
  }

  /**
   * @param {string} text  what was done
   * @param {() => void} undo
   */
  offer(text, undo) {
    this.#environment.clearTimeout(this.#timer);
    setText(this.#text, text);
    this.#undo = undo;
    this.#box.hidden = false;
    this.#timer = this.#environment.setTimeout(() => this.#end(), OFFERED_FOR);
  }

  close() {
    this.#end();
    this.#listening.abort();
  }

  #end() {
    this.#environment.clearTimeout(this.#timer);
    this.#box.hidden = true;
    this.#undo = null;
  }
}
