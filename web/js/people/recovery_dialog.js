/** Shows a recovery code. The server never sends the same code again. */
import { byId, setText } from '../page/dom.js';
import { copy } from '../page/share.js';
import { t } from '../page/strings.js';

/** @param {string} code */
export function showRecoveryCode(code) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('recovery-dialog'));
  setText(byId('recovery-code'), code);
  byId('copy-recovery').onclick = () => copy(code, t('site.copied'));
  dialog.showModal();
}
