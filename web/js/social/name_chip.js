/**
 * Shows a guest the guest's own name before the guest's first message. With one tap, the guest can
 * change this name.
 */
import { partOf, setText } from '../page/dom.js';
import { keep, recall } from '../page/store.js';
import { t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';

export class NameChip {
  #chip;
  #text;
  #field;
  /** @type {HTMLInputElement} */
  #input;
  #rename;
  #identity;
  #notice;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {import('../people/identity.js').Identity} identity
   * @param {(text: string) => void} notice
   */
  constructor(root, identity, notice) {
    this.#chip = partOf(root, 'name');
    this.#text = partOf(root, 'name-text');
    this.#field = partOf(root, 'name-field');
    this.#input = partOf(root, 'name-input');
    this.#rename = partOf(root, 'rename');
    this.#identity = identity;
    this.#notice = notice;
    const { signal } = this.#listening;
    this.#rename.addEventListener('click', () => this.#toggle(), { signal });
    this.#input.addEventListener(
      'keydown',
      (event) => {
        if (event.isComposing || event.keyCode === 229) return;
        if (event.key === 'Escape') this.#edit(false);
        if (event.key !== 'Enter') return;
        event.preventDefault();
        void this.#save();
      },
      { signal },
    );
  }

  close() {
    this.#listening.abort();
  }

  /** Shows the name, until the reader has written once. */
  async show() {
    if (recall('named')) return;
    try {
      await this.#identity.load();
      const { me } = this.#identity;
      if (!me?.guest) return;
      showAvatar(partOf(this.#chip, 'avatar'), me.person);
      setText(this.#text, t('chat.writing_as', { name: me.person.name }));
      this.#chip.hidden = false;
    } catch {
      // If the server does not answer, the first message shows the reason.
    }
  }

  /**
   * Hides the name for ever. Call this when the reader has written: the reader then knows the name.
   */
  hide() {
    keep('named', true);
    this.#chip.hidden = true;
  }

  #toggle() {
    if (this.#field.hidden) this.#edit(true);
    else void this.#save();
  }

  /** @param {boolean} editing */
  #edit(editing) {
    this.#field.hidden = !editing;
    this.#text.hidden = editing;
    setText(this.#rename, editing ? t('chat.save') : t('chat.rename'));
    if (!editing) return;
    this.#input.value = this.#identity.me?.person.name ?? '';
    this.#input.focus();
    this.#input.select();
  }

  async #save() {
    const name = this.#input.value.trim();
    try {
      if (name && name !== this.#identity.me?.person.name) await this.#identity.change({ name });
      this.#edit(false);
      await this.show();
    } catch (error) {
      this.#notice(/** @type {Error} */ (error).message);
    }
  }
}
