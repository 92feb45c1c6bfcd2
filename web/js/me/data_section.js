/** Downloads the person's data, and deletes the person. */
import { byId, toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import * as api from '../people/people_api.js';
import { Section } from './section.js';

export class DataSection extends Section {
  #deleted;

  /** @param {(at: number) => void} deleted  `at`: time of the deletion, Unix seconds */
  constructor(deleted) {
    super('data');
    this.#deleted = deleted;
    this.on('download', () => this.#download());
    this.on('delete', () => this.#delete());
  }

  async #download() {
    const text = JSON.stringify(await api.myData(), null, 2);
    const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const link = Object.assign(document.createElement('a'), {
      href: url,
      download: 'microlive.json',
    });
    link.click();
    URL.revokeObjectURL(url);
    toast(t('me.data.ready'));
  }

  async #delete() {
    if (!(await confirmed('delete-dialog')) || !(await confirmed('sure-dialog'))) return;
    this.#deleted((await api.deleteMe()).delete_at);
  }
}

/**
 * Shows a dialog.
 * @param {string} id
 * @returns {Promise<boolean>} whether the person chose the button with the value `yes`
 */
export function confirmed(id) {
  const dialog = /** @type {HTMLDialogElement} */ (byId(id));
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
