/**
 * Sends requests about what people can find to the server's HTTP API (server/API.md): items, tags,
 * search, announced lives.
 *
 * @typedef {object} Item  a live, a clip or a replay
 * @property {'live' | 'clip' | 'replay'} kind
 * @property {string} id  the room of a live or a replay, or the clip
 * @property {string} room
 * @property {string} url  path of the item's page
 * @property {string} title
 * @property {{tag: string, name: string}[]} tags
 * @property {string} mood  empty if the creator has chosen none
 * @property {{id: string | null, name: string, handle: string | null, colour: number}} creator  the
 *   id is null if a program created the live
 * @property {string | null} poster  path of a picture
 * @property {number} viewers
 * @property {string | null} live_since  ISO 8601; null for a clip
 * @property {number | null} duration  s
 * @property {'live' | 'away'} [state]  of a live
 *
 * @typedef {object} Tag
 * @property {string} tag
 * @property {string} name  as it was first written
 * @property {number} [uses]
 * @property {string | null} [challenge]  id of the pinned clip
 *
 * @typedef {object} TagPage
 * @property {string} tag
 * @property {string} name
 * @property {number} uses
 * @property {Item | null} challenge  the pinned clip
 * @property {Item[]} items
 * @property {string | null} [cursor]  of the next items
 *
 * @typedef {object} Found
 * @property {import('../people/people_api.js').Person[]} people
 * @property {Tag[]} tags
 * @property {Item[]} items
 *
 * @typedef {object} Announcement  a live that a person has announced
 * @property {string} id
 * @property {string} title
 * @property {import('../people/people_api.js').Person} person
 * @property {number} starts_at  Unix seconds
 * @property {string | null} room  the live, once it has begun
 * @property {boolean} reminded  whether the person of this browser is reminded
 * @property {number} reminders
 */
import { json, request } from './request.js';
import { liveRooms } from './rooms_api.js';

/** @param {string} text */
const segment = (text) => encodeURIComponent(text);

/**
 * Returns the path of a tag. The `#` distinguishes the tag `trending` from the list of tags.
 * @param {string} tag
 */
const tagPath = (tag) => `/api/tags/${segment(`#${tag}`)}`;

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
    url: `/r/${segment(room)}`,
    title,
    tags: [],
    mood: '',
    creator: { id: null, name: '', handle: null, colour: 0 },
    poster,
    viewers,
    live_since: live_since ? new Date(live_since * 1_000).toISOString() : null,
    duration: null,
    state: state === 'away' ? 'away' : 'live',
  };
}

/**
 * Returns public items, the lives with the most viewers first.
 * @param {string | null} [cursor]
 * @returns {Promise<{items: Item[], cursor: string | null}>}
 */
export const mostWatched = (cursor) =>
  request(`/api/feed?mode=most_watched&limit=30${cursor ? `&cursor=${segment(cursor)}` : ''}`);

/** @returns {Promise<Tag[]>} the tags whose use grows fastest */
export const trendingTags = async () => (await request('/api/tags/trending')).tags;

/**
 * @param {string} tag
 * @param {string | null} [cursor]
 * @returns {Promise<TagPage>}
 */
export const tagPage = (tag, cursor) =>
  request(`${tagPath(tag)}${cursor ? `?cursor=${segment(cursor)}` : ''}`);

/**
 * @param {string} tag
 * @param {string} clip
 * @returns {Promise<void>}
 */
export const setChallenge = (tag, clip) =>
  request(`${tagPath(tag)}/challenge`, json('PUT', { clip }));

/**
 * Ends the challenge of a tag, as the person who began it.
 * @param {string} tag
 */
export const endChallenge = (tag) => request(`${tagPath(tag)}/challenge`, json('DELETE'));

/**
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export const search = (text, signal) => request(`/api/search?q=${segment(text)}`, { signal });

/**
 * @param {string} handle
 * @returns {Promise<{clips: Item[], replays: Item[], tags: Tag[]}>} the newest first
 */
export const itemsOf = (handle) => request(`/api/people/${segment(handle)}/items`);

/** @returns {Promise<Announcement[]>} of all people, the next one first */
export const announcements = async () => (await request('/api/announcements')).announcements;

/**
 * @param {string} handle
 * @returns {Promise<Announcement[]>} the next one first
 */
export const announcementsOf = async (handle) =>
  (await request(`/api/people/${segment(handle)}/announcements`)).announcements;

/**
 * @param {string} title
 * @param {number} starts_at  Unix seconds
 * @returns {Promise<Announcement>}
 */
export const announce = (title, starts_at) =>
  request('/api/announcements', json('POST', { title, starts_at }));

/** @param {string} id */
export const withdraw = (id) => request(`/api/announcements/${segment(id)}`, json('DELETE'));

/**
 * @param {string} id
 * @param {boolean} on
 */
export const remind = (id, on) =>
  request(`/api/announcements/${segment(id)}/reminder`, on ? json('PUT', {}) : json('DELETE'));
