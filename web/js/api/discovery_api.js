/**
 * Sends requests about what people can find to the server's HTTP API (server/API.md): items, tags,
 * search, announced lives.
 *
 * @typedef {{tag: string, name: string}} Tag
 *
 * @typedef {object} Item  a live, a clip or a replay
 * @property {'live' | 'clip' | 'replay'} kind
 * @property {string} id  the room of a live or a replay, or the clip
 * @property {string} room
 * @property {string} url  path of the item's page
 * @property {string} title
 * @property {Tag[]} tags
 * @property {string} mood  empty if the creator has chosen none
 * @property {{id?: string, name: string, handle: string | null, colour: number} | null} creator
 * @property {string | null} poster  path of a picture
 * @property {number} viewers
 * @property {string | null} live_since  ISO 8601
 * @property {number | null} duration  s
 * @property {'live' | 'away'} [state]  of a live
 */
import { liveRooms } from './rooms_api.js';

/**
 * Returns the lives on air; the one with the most viewers is first.
 * @returns {Promise<Item[]>}
 */
export async function lives() {
  return (await liveRooms()).map(itemOf);
}

/**
 * @param {import('./rooms_api.js').RoomInfo} room
 * @returns {Item}
 */
export function itemOf({ room, title, state, viewers, live_since, poster = null }) {
  return {
    kind: 'live',
    id: room,
    room,
    url: `/r/${encodeURIComponent(room)}`,
    title,
    tags: [],
    mood: '',
    creator: null,
    poster,
    viewers,
    live_since: live_since ? new Date(live_since * 1_000).toISOString() : null,
    duration: null,
    state: state === 'away' ? 'away' : 'live',
  };
}
