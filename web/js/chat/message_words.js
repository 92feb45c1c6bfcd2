/** The words of messages that have none of their own: lines of the room, and deleted people. */
import { hasText, t } from '../page/strings.js';

/** @typedef {import('./message_list.js').Message} Message */

/**
 * Returns a message of the room as the list takes it: with the text of a line of the room, and with
 * words in the place of a deleted person.
 * @param {any} message
 * @returns {Message}
 */
export function lineOf(message) {
  if (message.kind !== 'system') return { ...message, ...namedOf(message) };
  const key = `chat.line.${message.key ?? message.text}`;
  const text = hasText(key) ? t(key, message.values ?? {}) : '';
  return { ...message, id: '', person: null, text };
}

/**
 * @param {Message} message
 * @returns {Partial<Message>}
 */
function namedOf({ person }) {
  if (!person?.id) {
    const nameless = { id: '', name: t('chat.deleted_person'), colour: 0, handle: null };
    return { person: nameless, text: t('chat.deleted') };
  }
  // A program that writes with the creator key has no name.
  return person.name ? {} : { person: { ...person, name: t('chat.role.creator'), role: '' } };
}
