/** Shows one of the studio's screens. */
import { byId, setText } from '../page/dom.js';

/** @typedef {'starting' | 'obstacle' | 'ready' | 'live' | 'elsewhere' | 'over'} Screen */

/** @param {Screen} screen */
export function show(screen) {
  document.body.dataset.screen = screen;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll('[data-on]')
  )) {
    element.hidden = !element.dataset.on?.split(' ').includes(screen);
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
