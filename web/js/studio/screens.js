/** The studio's screens: which one is shown, and the one that says what stands in the way. */
import { byId, setText } from '../page/dom.js';

/** @typedef {'starting' | 'obstacle' | 'ready' | 'live' | 'elsewhere' | 'over'} Screen */

/** @param {Screen} screen */
export function show(screen) {
  document.body.dataset.screen = screen;
  for (const element of document.querySelectorAll('[data-on]')) {
    const on = /** @type {HTMLElement} */ (element).dataset.on?.split(' ').includes(screen);
    /** @type {HTMLElement} */ (element).hidden = !on;
  }
}

/** @param {import('../publish/obstacles.js').Obstacle} obstacle */
export function showObstacle({ name, heading, text, steps, action }) {
  byId('obstacle').dataset.name = name;
  setText(byId('obstacle-heading'), heading);
  setText(byId('obstacle-text'), text);
  byId('obstacle-steps').replaceChildren(
    ...steps.map((step) => {
      const item = document.createElement('li');
      item.textContent = step;
      return item;
    }),
  );
  byId('retry').hidden = action === 'none';
  byId('copy-page').hidden = action !== 'copy';
  show('obstacle');
}
