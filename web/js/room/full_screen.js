/**
 * Shows the whole room in full screen. On iPhones, shows only the video element, because no other
 * element can fill the screen.
 */

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
