/** A message on the page of a replay. */
import { element } from '../page/element.js';
import { hasText, t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';

/** @param {import('../api/timeline_api.js').SaidThen} message */
export function replayMessage({ name, colour, body, role }) {
  const row = element('li', 'said');
  row.dataset.colour = String(colour);
  const shown = name || t('chat.role.creator');
  const text = element('p');
  text.append(element('bdi', 'name', shown), ' ');
  const key = `chat.role.${role}`;
  if (name && hasText(key)) text.append(element('span', 'role', t(key)), ' ');
  text.append(element('bdi', '', body));
  row.append(showAvatar(element('span', 'avatar'), { name: shown, colour }), text);
  return row;
}
