/** The address of one item in the feed: `/?at=KIND:ID`. */
import { lateModules } from '../room/late_modules.js';
import { keyOf } from './pager.js';

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
 * Returns the item of an address, which the feed itself may not contain: the item that the page has
 * shown there before, or a live.
 * @param {string} link  such as `live:AbC123`
 * @param {{item?: FeedItem} | null} [state]  `history.state`
 * @returns {Promise<FeedItem | null>} null if it is unknown or over
 */
export async function itemOfLink(link, state) {
  const kept = state?.item && keyOf(state.item) === link ? state.item : null;
  if (kept && kept.kind !== 'live') return kept;
  const [, room] = /^live:([\w-]{1,64})$/.exec(link) ?? [];
  const info = room ? await roomInfo(room).catch(() => null) : null;
  if (!info || info.state === 'ended') return null;
  return kept ? { ...kept, title: info.title, viewers: info.viewers } : unknownLive(info);
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
