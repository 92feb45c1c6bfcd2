/** Shows the creator after the live how long the replay is kept, and changes or deletes it. */
import { byId, setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';

/**
 * @typedef {import('../api/live_api.js').Replay} Replay
 * @typedef {import('../api/live_api.js').Keep} Keep
 */

// Maximum number of requests: the server may still store the last seconds of the live.
const TRIES = 8;
const WAIT = 700; // ms between two requests

export class ReplayCard {
  #api;
  #environment;
  #box = byId('over-replay');
  #choices = byId('replay-keep');
  #link = byId('replay-link');
  #dialog = /** @type {HTMLDialogElement} */ (byId('replay-dialog'));
  #inputs = /** @type {HTMLInputElement[]} */ ([...byId('replay-keep').querySelectorAll('input')]);
  /** @type {Replay | null} */
  #replay = null;
  #closed = false;
  #listening = new AbortController();

  /**
   * @param {Pick<import('../api/live_api.js').LiveApi, 'replay' | 'keepReplay' | 'deleteReplay'>} api
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, environment = BROWSER) {
    this.#api = api;
    this.#environment = environment;
    this.#box.hidden = true;
    // The replay of the live before may be deleted.
    for (const part of [this.#choices, this.#link]) part.hidden = false;
    const { signal } = this.#listening;
    for (const input of this.#inputs)
      input.addEventListener('change', () => void this.#chosen(input.value), { signal });
    byId('replay-delete').addEventListener('click', () => void this.#delete(), { signal });
    this.#dialog.addEventListener('close', () => this.#mark(), { signal });
  }

  async load() {
    for (let n = 0; n < TRIES && !this.#closed; n++) {
      const replay = await this.#api.replay().catch(() => null);
      if (this.#closed) return;
      if (replay && replay.state !== 'recording') return this.#show(replay);
      await new Promise((resolve) => this.#environment.setTimeout(() => resolve(null), WAIT));
    }
  }

  close() {
    this.#closed = true;
    this.#listening.abort();
  }

  /** @param {Replay} replay */
  #show(replay) {
    this.#replay = replay;
    this.#box.hidden = replay.state === 'none';
    const until = replay.delete_at === null ? '' : dateOf(replay.delete_at * 1_000);
    const incomplete = replay.note ? ` ${t('studio.replay.incomplete')}` : '';
    setText(byId('replay-text'), t('studio.replay.until', { time: until }) + incomplete);
    this.#mark();
  }

  /** Marks the choice in force. */
  #mark() {
    for (const input of this.#inputs) input.checked = input.value === this.#replay?.keep;
  }

  /** @param {string} keep */
  async #chosen(keep) {
    if (keep === 'no') return this.#dialog.showModal();
    try {
      this.#show(await this.#api.keepReplay(/** @type {Keep} */ (keep)));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #delete() {
    try {
      await this.#api.deleteReplay();
      this.#choices.hidden = this.#link.hidden = true;
      setText(byId('replay-text'), t('studio.replay.deleted'));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    setText(byId('replay-text'), /** @type {Error} */ (error).message);
    this.#mark();
  }
}
