import { toast } from './dom.js';
import { t } from './strings.js';

/**
 * Opens the system's share sheet, or copies the link if the browser has no share sheet.
 * @param {string} url
 * @param {string} title
 */
export async function share(url, title) {
  if (!navigator.share) return copy(url);
  try {
    await navigator.share({ url, title });
  } catch (error) {
    if (/** @type {DOMException} */ (error).name !== 'AbortError') await copy(url);
  }
}

/**
 * @param {string} text
 * @param {string} [done] text that the page shows afterwards
 */
export async function copy(text, done = t('site.link_copied')) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    // A page outside a secure context has no clipboard.
    prompt(t('site.copy_link'), text);
  }
}
