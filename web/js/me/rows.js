/** Makes the rows of the lists of /me. */
import { partOf } from '../page/dom.js';
import { showAvatar } from '../people/avatar.js';

/** @typedef {import('../people/people_api.js').Person} Person */

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {string} [text]   the second line
 * @property {Person} [person] shows the person's colour before the title
 * @property {string} [href]   the title is a link
 * @property {{label: string, name: string, press: (button: HTMLElement) => void}} [action]
 *   `name`: what a screen reader says
 */

/**
 * Shows the rows in the list; shows the part `empty` of the section instead if there are none.
 * @param {HTMLElement} root of the section
 * @param {Row[]} rows
 */
export function showRows(root, rows) {
  partOf(root, 'list').replaceChildren(...rows.map(rowOf));
  const empty = /** @type {HTMLElement | null} */ (root.querySelector('[data-part="empty"]'));
  if (empty) empty.hidden = rows.length > 0;
}

/**
 * @param {Row} row
 * @returns {HTMLLIElement}
 */
export function rowOf({ title, text = '', person, href, action }) {
  const row = document.createElement('li');
  if (person) row.append(showAvatar(element('span', 'avatar'), person));
  const what = element('div', 'what');
  const name = element('b');
  name.append(element('bdi', '', title));
  if (href) {
    const link = /** @type {HTMLAnchorElement} */ (element('a'));
    link.href = href;
    link.append(name);
    what.append(link);
  } else what.append(name);
  if (text) what.append(element('span', '', text));
  row.append(what);
  if (action) {
    const button = element('button', 'button', action.label);
    button.setAttribute('aria-label', action.name);
    button.addEventListener('click', () => action.press(button));
    row.append(button);
  }
  return row;
}

/**
 * @param {string} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
