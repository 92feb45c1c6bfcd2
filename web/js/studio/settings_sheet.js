/** The settings of a live room: who may watch, who may write, and the lists of moderation. */
import { byId, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { ModerationLists } from './moderation_lists.js';

/**
 * @typedef {import('../moderation/moderation_api.js').ChatSettings} ChatSettings
 * @typedef {import('../moderation/moderation_api.js').ModerationApi} ModerationApi
 * @typedef {import('../api/rooms_api.js').Visibility} Visibility
 */

const SWITCHES = /** @type {const} */ (['chat', 'followers_only', 'links', 'joins']);

export class SettingsSheet {
  #api;
  #seen;
  #lists;
  #dialog = /** @type {HTMLDialogElement} */ (byId('settings-dialog'));
  #slow = /** @type {HTMLSelectElement} */ (byId('setting-slow'));
  #visibility = /** @type {HTMLSelectElement} */ (byId('setting-visibility'));
  #words = /** @type {HTMLTextAreaElement} */ (byId('setting-words'));
  #listening = new AbortController();

  /**
   * @param {ModerationApi} api
   * @param {(visibility: Visibility) => void} seen  called when the visibility has changed
   */
  constructor(api, seen) {
    this.#api = api;
    this.#seen = seen;
    this.#lists = new ModerationLists(api, (error) => this.#failed(error));
    this.#on('settings', 'click', () => this.#open());
    this.#on('setting-slow', 'change', () => this.#change({ slow: Number(this.#slow.value) }));
    this.#on('setting-visibility', 'change', () => this.#changeVisibility());
    for (const name of SWITCHES) {
      const input = switchOf(name);
      this.#on(`setting-${name}`, 'change', () => this.#change({ [name]: input.checked }));
    }
    this.#on('words-form', 'submit', () => this.#saveWords());
    this.#on('words-group', 'toggle', () => this.#loadWords());
  }

  /** @param {Partial<ChatSettings>} settings */
  handle(settings) {
    for (const name of SWITCHES) {
      const value = settings[name];
      if (value !== undefined) switchOf(name).checked = value;
    }
    if (settings.slow !== undefined) {
      const known = [...this.#slow.options].some(({ value }) => Number(value) === settings.slow);
      if (!known)
        this.#slow.add(new Option(t('studio.settings.seconds', { count: settings.slow })));
      this.#slow.value = String(settings.slow);
    }
  }

  /** @param {Visibility | undefined} visibility */
  set visibility(visibility) {
    this.#visibility.value = visibility ?? 'public';
  }

  close() {
    this.#listening.abort();
    this.#lists.close();
    this.#dialog.close();
  }

  #open() {
    setText(byId('settings-error'), '');
    this.#dialog.showModal();
    this.#lists.refresh();
  }

  /** @param {import('../moderation/moderation_api.js').RoomChanges} changes */
  async #change(changes) {
    this.handle(await this.#api.change(changes));
  }

  async #changeVisibility() {
    const visibility = /** @type {Visibility} */ (this.#visibility.value);
    await this.#change({ visibility });
    this.#seen(visibility);
  }

  async #loadWords() {
    if (!(/** @type {HTMLDetailsElement} */ (byId('words-group')).open)) return;
    this.#words.value = (await this.#api.words()).join('\n');
  }

  async #saveWords() {
    const words = this.#words.value.split('\n').map((word) => word.trim());
    await this.#api.setWords(words.filter(Boolean));
    setText(byId('words-saved'), t('studio.settings.words_saved'));
  }

  /** @param {unknown} error */
  #failed(error) {
    setText(byId('settings-error'), /** @type {Error} */ (error).message);
  }

  /**
   * @param {string} id
   * @param {string} type
   * @param {() => Promise<void> | void} act
   */
  #on(id, type, act) {
    const listener = async (/** @type {Event} */ event) => {
      event.preventDefault();
      setText(byId('settings-error'), '');
      try {
        await act();
      } catch (error) {
        this.#failed(error);
        // Show the settings in force instead of the refused change.
        this.#api.settings().then(
          (settings) => this.handle(settings),
          () => {},
        );
      }
    };
    byId(id).addEventListener(type, listener, { signal: this.#listening.signal });
  }
}

/** @param {string} name */
function switchOf(name) {
  return /** @type {HTMLInputElement} */ (byId(`setting-${name}`));
}
