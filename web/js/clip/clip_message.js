/** A message on the page of a clip. */
import { element } from '../page/element.js';

/** @param {import('../api/timeline_api.js').SaidThen} message */
export function clipMessage({ name, colour, body }) {
  const row = element('p', 'said');
  row.dataset.colour = String(colour);
  row.append(element('bdi', 'name', name), ' ', element('bdi', '', body));
  return row;
}
