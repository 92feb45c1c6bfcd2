/** The sheet in which the viewer chooses the order of the feed and a mood, and forgets the taste. */
import { byId, setText } from '../page/dom.js';
import { t } from '../page/strings.js';

/**
 * @typedef {import('./choice.js').Choice} Choice
 *
 * @typedef {object} Actions
 * @property {() => void} changed  the feed is to be read again
 * @property {() => Promise<void>} forget
 * @property {() => Promise<boolean>} learns  whether the feed learns from what the viewer watches
 * @property {(learns: boolean) => Promise<void>} setLearns
 */

export class FeedSheet {
  #dialog = /** @type {HTMLDialogElement} */ (byId('feed-sheet'));
  #learns = /** @type {HTMLInputElement} */ (byId('learns'));
  #moods = /** @type {HTMLElement[]} */ ([...this.#dialog.querySelectorAll('.mood')]);
  #modes = /** @type {HTMLInputElement[]} */ ([...this.#dialog.querySelectorAll('[name="mode"]')]);
  #choice;
  #actions;

  /**
   * @param {Choice} choice
   * @param {Actions} actions
   */
  constructor(choice, actions) {
    this.#choice = choice;
    this.#actions = actions;
    byId('mode').addEventListener('click', () => this.open());
    byId('feed-sheet-close').addEventListener('click', () => this.#dialog.close());
    byId('forget').addEventListener('click', () => void this.#forget());
    byId('refresh').addEventListener('click', () => this.#change());
    this.#learns.addEventListener('change', () => void this.#setLearns());
    for (const input of this.#modes)
      input.addEventListener('change', () => {
        choice.mode = /** @type {import('./choice.js').Mode} */ (input.value);
        this.#change();
      });
    for (const button of this.#moods) button.addEventListener('click', () => this.#pick(button));
    closeOutside(this.#dialog);
    this.show();
  }

  open() {
    this.show();
    setText(byId('feed-sheet-note'), '');
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#actions.learns().then(
      (learns) => (this.#learns.checked = learns),
      () => (this.#learns.disabled = true),
    );
  }

  /** Shows what is chosen. */
  show() {
    const { mode } = this.#choice;
    const mood = this.#choice.moodAt(Date.now());
    for (const input of this.#modes) input.checked = input.value === mode;
    for (const button of this.#moods)
      button.setAttribute('aria-pressed', String(button.dataset.mood === mood));
    const name = t(`feed.mode.${mode}`);
    const shown = mood
      ? t('feed.mode_and_mood', { mode: name, mood: t(`feed.mood.${mood}`) })
      : name;
    setText(byId('mode-name'), shown);
  }

  /** @param {HTMLElement} button */
  #pick(button) {
    const mood = /** @type {import('./choice.js').Mood} */ (button.dataset.mood);
    const chosen = this.#choice.moodAt(Date.now()) === mood;
    this.#choice.setMood(chosen ? '' : mood, Date.now());
    this.#change();
  }

  #change() {
    this.show();
    this.#dialog.close();
    this.#actions.changed();
  }

  async #forget() {
    await this.#try(this.#actions.forget(), t('feed.forgotten'));
  }

  async #setLearns() {
    const learns = this.#learns.checked;
    const done = learns ? t('feed.learns_now') : t('feed.learns_no_more');
    await this.#try(this.#actions.setLearns(learns), done);
  }

  /**
   * @param {Promise<void>} action
   * @param {string} done
   */
  async #try(action, done) {
    const note = byId('feed-sheet-note');
    await action.then(
      () => setText(note, done),
      (/** @type {Error} */ { message }) => setText(note, message),
    );
  }
}

/**
 * A tap beside the sheet closes it.
 * @param {HTMLDialogElement} dialog
 */
export function closeOutside(dialog) {
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
}
