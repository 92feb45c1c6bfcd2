/** Shows the name with which the creator goes live, and lets a guest take a handle with one tap. */
import { byId, setText, toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';
import { showRecoveryCode } from '../people/recovery_dialog.js';
import { suggestedHandle } from '../people/suggested_handle.js';

export class WhoPanel {
  #identity;
  #forget;
  #take = /** @type {HTMLButtonElement} */ (byId('take-handle'));
  #dialog = /** @type {HTMLDialogElement} */ (byId('handle-dialog'));
  #input = /** @type {HTMLInputElement} */ (byId('handle-input'));
  #listening = new AbortController();

  /** @param {import('../people/identity.js').Identity} identity */
  constructor(identity) {
    this.#identity = identity;
    this.#forget = identity.onChange(() => this.#show());
    const { signal } = this.#listening;
    // The first tap tries the person's name as the handle. A form is needed only after a refusal.
    this.#take.addEventListener('click', () => this.#try(this.#suggestion), { signal });
    byId('handle-form').addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.#try(this.#input.value.replace(/^\s*@/, ''));
      },
      { signal },
    );
    byId('handle-close').addEventListener('click', () => this.#dialog.close(), { signal });
    // The creator can go live even if the server does not answer this request.
    this.#identity.loadMe().catch(() => {});
  }

  close() {
    this.#listening.abort();
    this.#forget();
  }

  get #suggestion() {
    return suggestedHandle(this.#identity.me?.person.name ?? '');
  }

  #show() {
    const { me } = this.#identity;
    byId('who').hidden = !me;
    if (!me) return;
    const { person, guest } = me;
    showAvatar(byId('who-avatar'), person);
    setText(byId('who-name'), person.name);
    setText(byId('who-handle'), person.handle ? `@${person.handle}` : t('studio.who.guest'));
    this.#take.hidden = !guest;
    byId('later').hidden = guest;
    setText(byId('take-label'), t('studio.who.take', { handle: `@${this.#suggestion}` }));
  }

  /** @param {string} handle */
  async #try(handle) {
    this.#take.disabled = true;
    try {
      const code = await this.#identity.takeHandle(handle);
      this.#dialog.close();
      if (code) showRecoveryCode(code);
      else toast(t('studio.who.taken', { handle: `@${handle}` }));
    } catch (error) {
      this.#input.value = handle;
      setText(byId('handle-error'), /** @type {Error} */ (error).message);
      if (!this.#dialog.open) this.#dialog.showModal();
      this.#input.select();
    }
    this.#take.disabled = false;
  }
}
