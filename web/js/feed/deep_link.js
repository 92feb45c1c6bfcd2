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
 * Requests the live of an address, which the feed itself may not contain.
 * @param {string} link  such as `live:AbC123`
 * @returns {Promise<FeedItem | null>} null if it is not a live, or over
 */
export async function itemOfLink(link) {
  const [, room] = /^live:([\w-]{1,64})$/.exec(link) ?? [];
  const info = room ? await roomInfo(room).catch(() => null) : null;
  if (!info || info.state === 'ended') return null;
  return {
    ...{ kind: 'live', id: info.room, room: info.room, url: `/r/${info.room}`, title: info.title },
    ...{ tags: [], mood: '', poster: null, width: null, height: null },
    creator: { name: '', handle: null, colour: 0 },
    ...{ viewers: info.viewers, live_since: null, duration: null, video: null, playlist: null },
  };
}

/** @param {string} room */
async function roomInfo(room) {
  return (await lateModules.api()).roomInfo(room);
}
