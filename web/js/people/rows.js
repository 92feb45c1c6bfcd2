/** Makes the rows of the lists of /me and of the studio: a person or a text, with buttons. */
import { element } from '../page/element.js';
import { showAvatar } from './avatar.js';

/**
 * @typedef {object} RowButton
 * @property {string} label
 * @property {string} [name]  what a screen reader says; by default the label and the title
 * @property {() => unknown} press  the button is disabled until the result settles
 *
 * @typedef {object} Row
 * @property {string} title
 * @property {string[]} [lines]  texts below the title; empty texts are left out
 * @property {import('./people_api.js').Person} [person]  person whose picture is shown before the
 *   title
 * @property {string} [href]  URL to which the title links
 * @property {RowButton[]} [buttons]
 * @property {(error: unknown) => void} [failed]  takes the error of a button's action
 */

/** @param {Row} row */
export function rowOf({ title, lines = [], person, href, buttons = [], failed = () => {} }) {
  const row = element('li');
  if (person) row.append(showAvatar(element('span', 'avatar'), person));
  const name = element('b');
  name.append(element('bdi', '', title));
  const what = element('div', 'what');
  what.append(href ? linkTo(href, name) : name);
  for (const line of lines) if (line) what.append(element('span', '', line));
  row.append(what);
  if (!buttons.length) return row;
  const actions = element('div', 'row-actions');
  actions.append(...buttons.map((button) => buttonOf(title, button, failed)));
  row.append(actions);
  return row;
}

/**
 * @param {string} href
 * @param {HTMLElement} content
 */
function linkTo(href, content) {
  const link = element('a');
  link.href = href;
  link.append(content);
  return link;
}

/**
 * @param {string} title  of the row
 * @param {RowButton} button
 * @param {(error: unknown) => void} failed
 */
function buttonOf(title, { label, name = `${label}: ${title}`, press }, failed) {
  const button = element('button', 'button', label);
  button.type = 'button';
  button.setAttribute('aria-label', name);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await press();
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
  });
  return button;
}
