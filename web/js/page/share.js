import { toast } from './dom.js';

/**
 * The system's share sheet where there is one, else the clipboard.
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

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Link copied');
  } catch {
    // No clipboard without a secure context: a field to copy from is better than nothing.
    prompt('Copy the link', text);
  }
}
