import { toast } from './dom.js';
import { t } from './strings.js';

/**
 * Opens the system's share sheet, or copies the link if the browser has no share sheet.
 * @param {string} url
 * @param {string} title
 * @param {(text: string) => void} [say]  shows that the link is copied
 */
export async function share(url, title, say = toast) {
  if (!navigator.share) return copy(url, t('site.link_copied'), say);
  try {
    await navigator.share({ url, title });
  } catch (error) {
    if (/** @type {DOMException} */ (error).name !== 'AbortError')
      await copy(url, t('site.link_copied'), say);
  }
}

/**
 * @param {string} text
 * @param {string} [done] text that the page shows afterwards
 * @param {(text: string) => void} [say]  shows `done`; by default a toast, which an open dialog hides
 */
export async function copy(text, done = t('site.link_copied'), say = toast) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    // A page outside a secure context has no clipboard.
    prompt(t('site.copy_link'), text);
  }
}
