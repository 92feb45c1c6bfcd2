/** How to fit a frame to the screen. Pure. */
const MAX_CROP = 0.3; // of the frame, if it has the same orientation as the screen

/**
 * `cover` fills the screen and crops a little; `contain` shows the whole frame.
 * @param {number} frame  width by height
 * @param {number} screen width by height
 * @returns {'cover' | 'contain'}
 */
export function fitOf(frame, screen) {
  const shown = Math.min(frame, screen) / Math.max(frame, screen);
  return frame > 1 === screen > 1 && 1 - shown <= MAX_CROP ? 'cover' : 'contain';
}
