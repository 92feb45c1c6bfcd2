/** The name, the handle and the public page of the person. */
import { setText, toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';
import { showRecoveryCode } from '../people/recovery_dialog.js';
import { suggestedHandle } from '../people/suggested_handle.js';
import { Section } from './section.js';

export class ProfileSection extends Section {
  #identity;
  #name = /** @type {HTMLInputElement} */ (this.part('name'));
  #handle = /** @type {HTMLInputElement} */ (this.part('handle'));

  /** @param {import('../people/identity.js').Identity} identity */
  constructor(identity) {
    super('profile');
    this.#identity = identity;
    this.on('name-form', () => this.#rename());
    this.on('handle-form', () => this.#takeHandle());
  }

  /** Shows the person. Does not change a field in which the person is typing. */
  show() {
    const { me } = this.#identity;
    if (!me) return;
    const { name, handle } = me.person;
    showAvatar(this.part('avatar'), me.person);
    setText(/** @type {Element} */ (this.part('shown-name').firstElementChild), name);
    setText(this.part('shown-handle'), handle ? `@${handle}` : t('me.guest'));
    if (document.activeElement !== this.#name) this.#name.value = name;
    if (document.activeElement !== this.#handle)
      this.#handle.value = handle ?? suggestedHandle(name);
    setText(this.part('take'), handle ? t('me.save') : t('me.take_handle'));
    this.part('take').classList.toggle('primary', !handle);
    this.part('handle-why').hidden = Boolean(handle);
    const link = /** @type {HTMLAnchorElement} */ (this.part('public'));
    link.hidden = !handle;
    if (handle) link.href = `/@${encodeURIComponent(handle)}`;
  }

  async #rename() {
    this.#name.blur();
    await this.#identity.change({ name: this.#name.value });
    toast(t('me.saved'));
  }

  async #takeHandle() {
    this.#handle.blur();
    const code = await this.#identity.takeHandle(this.#handle.value.replace(/^\s*@/, ''));
    if (code) showRecoveryCode(code);
    else toast(t('me.saved'));
  }
}
