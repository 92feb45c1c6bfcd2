/** A tap, and a long press, on the stage itself (not on what lies upon it). */

const LONG = 550; // ms
const STRAY = 12; // px

/**
 * @param {HTMLElement} stage
 * @param {{tap: () => void, hold: () => void}} actions
 */
export function listenForGestures(stage, { tap, hold }) {
  let timer = 0;
  let [x, y] = [0, 0];
  const cancel = () => {
    clearTimeout(timer);
    timer = 0;
  };
  stage.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || /** @type {Element} */ (event.target).closest('a, button, dl, section')) return;
    [x, y] = [event.clientX, event.clientY];
    cancel();
    timer = window.setTimeout(() => {
      timer = 0;
      hold();
    }, LONG);
  });
  stage.addEventListener('pointermove', (event) => {
    if (Math.hypot(event.clientX - x, event.clientY - y) > STRAY) cancel();
  });
  stage.addEventListener('pointercancel', cancel);
  stage.addEventListener('pointerup', () => {
    if (!timer) return;
    cancel();
    tap();
  });
  // A long press on a touch screen would open the browser's own menu.
  stage.addEventListener('contextmenu', (event) => {
    if (/** @type {PointerEvent} */ (event).pointerType === 'touch') event.preventDefault();
  });
}
