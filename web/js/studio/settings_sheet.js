/**
 * The settings of a live room: who may watch, who may write, who may make clips, which clips are
 * published by themselves, and the lists of clips and of moderation.
 */
import { ClipList } from '../own/clip_list.js';
import { byId, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { ModerationLists } from './moderation_lists.js';

/**
 * @typedef {import('../moderation/moderation_api.js').ChatSettings} ChatSettings
 * @typedef {import('../moderation/moderation_api.js').ModerationApi} ModerationApi
 * @typedef {import('../moderation/moderation_api.js').ClipsSetting} ClipsSetting
 * @typedef {import('../api/rooms_api.js').Visibility} Visibility
 */

const SWITCHES = /** @type {const} */ ([
  'auto_highlights',
  'chat',
  'followers_only',
  'links',
  'joins',
]);

export class SettingsSheet {
  #api;
  #seen;
  #lists;
  #clipList;
  #dialog = /** @type {HTMLDialogElement} */ (byId('settings-dialog'));
  #slow = /** @type {HTMLSelectElement} */ (byId('setting-slow'));
  #visibility = /** @type {HTMLSelectElement} */ (byId('setting-visibility'));
  #clips = /** @type {HTMLSelectElement} */ (byId('setting-clips'));
  #words = /** @type {HTMLTextAreaElement} */ (byId('setting-words'));
  #listening = new AbortController();

  /**
   * @param {ModerationApi} api
   * @param {import('../api/clips_api.js').ClipsApi} clips
   * @param {(visibility: Visibility) => void} seen  called when the visibility has changed
   */
  constructor(api, clips, seen) {
    this.#api = api;
    this.#seen = seen;
    const failed = (/** @type {unknown} */ error) => this.#failed(error);
    this.#lists = new ModerationLists(api, clips, failed);
    this.#clipList = new ClipList(byId('clips-list'), byId('clips-empty'), clips, failed);
    this.#on('settings', 'click', () => this.#open());
    this.#on('setting-slow', 'change', () => this.#change({ slow: Number(this.#slow.value) }));
    this.#on('setting-visibility', 'change', () => this.#changeVisibility());
    this.#on('setting-clips', 'change', () => this.#changeClips());
    this.#on('clips-group', 'toggle', () => this.#loadClips());
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
    if (settings.clips !== undefined) this.#clips.value = settings.clips;
    this.#lists.approvesClips = this.#clips.value === 'approve';
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
    this.#clipList.close();
    this.#dialog.close();
  }

  #open() {
    setText(byId('settings-error'), '');
    this.#dialog.showModal();
    this.#lists.refresh();
    void this.#loadClips();
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

  #changeClips() {
    return this.#change({ clips: /** @type {ClipsSetting} */ (this.#clips.value) });
  }

  async #loadClips() {
    if (/** @type {HTMLDetailsElement} */ (byId('clips-group')).open) await this.#clipList.load();
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

  /** @param {unknown} error  null removes the text of the last error */
  #failed(error) {
    setText(byId('settings-error'), /** @type {Error | null} */ (error)?.message ?? '');
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
