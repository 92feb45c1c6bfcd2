/** Full screen: of the whole room, but on iPhones only of a video element. */

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} element the element that plays
 */
export const canFillScreen = (root, element) =>
  'requestFullscreen' in root || 'webkitEnterFullscreen' in element;

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} element the element that plays
 */
export function toggleFullScreen(root, element) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if ('requestFullscreen' in root) root.requestFullscreen().catch(() => {});
  else if ('webkitEnterFullscreen' in element) /** @type {any} */ (element).webkitEnterFullscreen();
}
