/** The sheet that says in words why an item is in the feed. */
import { byId } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { closeOutside } from './feed_sheet.js';
import { reasonRows } from './reasons.js';

export class WhySheet {
  #dialog = /** @type {HTMLDialogElement} */ (byId('why-sheet'));

  /** @param {() => void} change  the viewer wants to change the feed */
  constructor(change) {
    byId('why-close').addEventListener('click', () => this.#dialog.close());
    byId('why-change').addEventListener('click', () => {
      this.#dialog.close();
      change();
    });
    closeOutside(this.#dialog);
  }

  /** @param {import('../api/feed_api.js').FeedItem} item */
  open({ reasons = [] }) {
    const rows = reasonRows(reasons);
    byId('why-none').hidden = rows.length > 0;
    byId('why-list').replaceChildren(...rows.map(rowOf));
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

/** @param {{text: string, share: number}} row */
function rowOf({ text, share }) {
  const row = element('li', share < 0 ? 'against' : '');
  const percent = Math.max(1, Math.round(Math.abs(share) * 100));
  const label = share < 0 ? t('feed.why_against', { percent }) : t('feed.why_for', { percent });
  const bar = element('span', 'bar-of');
  bar.style.setProperty('--share', String(Math.abs(share)));
  bar.setAttribute('aria-hidden', 'true');
  row.append(element('span', 'text', text), element('span', 'share', label), bar);
  return row;
}
