/** Loads a style sheet that the first picture does not need. */
import { assetUrl } from './icon.js';

/**
 * @param {string} name  path in the folder of the assets, such as css/social.css
 * @returns {Promise<void>}  resolves when the style sheet applies, or cannot be loaded
 */
export function loadStyle(name) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = assetUrl(name);
  document.head.append(link);
  return new Promise((resolve) => {
    link.onload = link.onerror = () => resolve();
  });
}
