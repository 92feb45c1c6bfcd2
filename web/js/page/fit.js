/** How a picture fits the screen. Pure. */
const MAY_CROP = 0.3; // of the picture, when it lies the same way as the screen

/**
 * Fills the screen when little is lost by it, else shows the whole picture.
 * @param {number} picture width by height
 * @param {number} screen  likewise
 * @returns {'cover' | 'contain'}
 */
export function fitOf(picture, screen) {
  const shown = Math.min(picture, screen) / Math.max(picture, screen);
  return picture > 1 === screen > 1 && 1 - shown <= MAY_CROP ? 'cover' : 'contain';
}
