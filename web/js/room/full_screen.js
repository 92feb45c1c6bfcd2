/** Full screen: of the whole room, or on iPhones of a video element only. */

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} element the one that plays
 */
export const canFillScreen = (root, element) =>
  'requestFullscreen' in root || 'webkitEnterFullscreen' in element;

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} element the one that plays
 */
export function toggleFullScreen(root, element) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if ('requestFullscreen' in root) root.requestFullscreen().catch(() => {});
  else if ('webkitEnterFullscreen' in element) /** @type {any} */ (element).webkitEnterFullscreen();
}
