/** Tags as links to their pages. */
import { element } from '../page/element.js';
import { icon } from '../page/icon.js';
import { t } from '../page/strings.js';

/** @typedef {import('../api/discovery_api.js').Tag} Tag */

/**
 * Shows tags in a list.
 * @param {HTMLElement} list
 * @param {Tag[]} tags
 */
export function showTags(list, tags) {
  list.replaceChildren(...tags.map(chipOf));
}

/** @param {Tag} tag */
function chipOf({ tag, name, challenge }) {
  const item = element('li');
  const link = element('a', 'chip');
  link.href = pathOf(tag);
  link.append(element('bdi', '', `#${name}`));
  if (challenge) {
    link.classList.add('challenge');
    link.prepend(icon('flag'));
    link.append(element('span', 'sr-only', t('tags.challenge')));
  }
  item.append(link);
  return item;
}

/**
 * Returns the path of the page of a tag.
 * @param {string} tag
 */
export const pathOf = (tag) => `/t/${encodeURIComponent(tag)}`;
