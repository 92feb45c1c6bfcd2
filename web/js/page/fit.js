/** Decides how to fit a frame to the screen, and how much of the screen the chat takes. Pure. */
// Maximum fraction of a frame to crop if the frame has the same orientation as the screen.
const MAX_CROP = 0.3;
// Minimum width of a screen on which the chat is next to the picture, px. On a narrower screen, the
// chat covers the picture.
const BESIDE_FROM = 640;

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

/**
 * Returns the aspect ratio of the area that the picture fills. The width of the chat is the same as
 * in css/room.css.
 * @param {number} width   of the screen, px
 * @param {number} height
 * @param {string | undefined} chat  `data-chat` of the stage
 */
export function pictureShape(width, height, chat) {
  const beside = chat === 'open' && width > height && width >= BESIDE_FROM;
  return (width - (beside ? Math.min(380, Math.max(270, width * 0.3)) : 0)) / height;
}
