/** The sheet that shows the QR code of a clip's or replay's page. */
import { byId } from '../page/dom.js';

/**
 * @param {string} url  of the image
 * @param {string} words  what the code is for
 */
export function openQr(url, words) {
  const code = Object.assign(new Image(240, 240), { src: url, alt: words, className: 'qr' });
  const sheet = /** @type {HTMLDialogElement} */ (byId('sheet'));
  byId('sheet-content').replaceChildren(code);
  sheet.setAttribute('aria-label', words);
  sheet.showModal();
}
