/** Creates the room of a live, and tells the server whether to keep the replay of the live. */
import { LiveApi } from '../api/live_api.js';
import { createRoom, endRoom } from '../api/rooms_api.js';

/**
 * @param {string} title
 * @param {string | null} token
 * @param {import('../api/rooms_api.js').LiveChoices} choices
 * @param {import('../api/live_api.js').Keep | null} keep  null: as the server chooses
 * @returns {Promise<import('../api/rooms_api.js').NewRoom>}
 * @throws {import('../api/rooms_api.js').ApiError}
 */
export async function createLive(title, token, choices, keep) {
  const made = await createRoom(title, token, choices);
  if (!keep) return made;
  try {
    await new LiveApi(made.room, made.key).keepReplay(keep);
  } catch (error) {
    endRoom(made.room, made.key).catch(() => {}); // the next attempt creates another room
    throw error;
  }
  return made;
}
