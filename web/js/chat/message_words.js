/**
 * The words that the page adds to messages: the texts of lines of the room, and the words that
 * replace the names of deleted people.
 */
import { hasText, t } from '../page/strings.js';

/** @typedef {import('./message_list.js').Message} Message */

/**
 * Converts a message of the room to the form that the list shows. A line of the room gets its text,
 * and a message without an author's name gets words in place of the name.
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
