/** Decides how to fit a frame to the screen. Pure. */
const MAX_CROP = 0.3; // of the frame, if it has the same orientation as the screen

/**
 * Returns `cover`, which fills the screen and crops the frame a little, or `contain`, which shows
 * the whole frame.
 * @param {number} frame  aspect ratio of the frame, width / height
 * @param {number} screen aspect ratio of the screen, width / height
 * @returns {'cover' | 'contain'}
 */
export function fitOf(frame, screen) {
  const shown = Math.min(frame, screen) / Math.max(frame, screen);
  return frame > 1 === screen > 1 && 1 - shown <= MAX_CROP ? 'cover' : 'contain';
}
