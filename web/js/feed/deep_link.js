/** The address of one item in the feed: `/?at=KIND:ID`. */
import { lateModules } from '../room/late_modules.js';

/** @typedef {import('../api/feed_api.js').FeedItem} FeedItem */

/**
 * @param {Pick<FeedItem, 'kind' | 'id'>} item
 * @param {string} search  the query of the present address
 */
export function linkOf({ kind, id }, search) {
  const query = new URLSearchParams(search);
  query.delete('at');
  const rest = query.toString();
  return `/?${rest && `${rest}&`}at=${kind}:${encodeURIComponent(id)}`;
}

/**
 * Returns the item of an address as the feed is to be asked for it.
 * @param {string | null} at  the parameter `at` of the address
 * @returns {string}  such as `clip:AbC123`; '' if the address names no item
 */
export const readLink = (at) => (at && /^(live|clip|replay):[\w-]{1,32}$/.test(at) ? at : '');

/**
 * Returns the live of an address. The feed itself does not contain a live that is not listed.
 * @param {string} link  as `readLink` returns it
 * @returns {Promise<FeedItem | null>} null if it is no live, unknown or over
 */
export async function liveOfLink(link) {
  const [kind, room] = link.split(':');
  const info = kind === 'live' && room ? await roomInfo(room).catch(() => null) : null;
  return !info || info.state === 'ended' ? null : unknownLive(info);
}

/**
 * @param {import('../api/rooms_api.js').RoomInfo} info
 * @returns {FeedItem}
 */
const unknownLive = ({ room, title, viewers }) => ({
  ...{ kind: 'live', id: room, room, url: `/r/${room}`, title, tags: [], mood: '', viewers },
  creator: { name: '', handle: null, colour: 0 },
  ...{ poster: null, preview: null, width: null, height: null, live_since: null, duration: null },
  ...{ video: null, playlist: null },
});

/** @param {string} room */
async function roomInfo(room) {
  return (await lateModules.api()).roomInfo(room);
}
