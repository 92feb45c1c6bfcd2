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
 * @property {string} [picture]  URL of a small picture that is shown before the title
 * @property {string} [href]  URL to which the title links
 * @property {boolean} [apart]  whether the link opens in a new tab
 * @property {RowButton[]} [buttons]
 * @property {(error: unknown) => void} [failed]  takes the error of a button's action
 */

/** @param {Row} row */
export function rowOf(row) {
  const { title, lines = [], person, picture, href, apart = false } = row;
  const { buttons = [], failed = () => {} } = row;
  const item = element('li');
  if (person) item.append(showAvatar(element('span', 'avatar'), person));
  if (picture) item.append(pictureOf(picture));
  const name = element('b');
  name.append(element('bdi', '', title));
  const what = element('div', 'what');
  what.append(href ? linkTo(href, name, apart) : name);
  for (const line of lines) if (line) what.append(element('span', '', line));
  item.append(what);
  if (!buttons.length) return item;
  const actions = element('div', 'row-actions');
  actions.append(...buttons.map((button) => buttonOf(title, button, failed)));
  item.append(actions);
  return item;
}

/** @param {string} url */
function pictureOf(url) {
  const picture = element('img', 'row-picture');
  Object.assign(picture, { src: url, alt: '', loading: 'lazy' });
  return picture;
}

/**
 * @param {string} href
 * @param {HTMLElement} content
 * @param {boolean} apart  whether the link opens in a new tab
 */
function linkTo(href, content, apart) {
  const link = element('a');
  link.href = href;
  if (apart) link.target = '_blank';
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
