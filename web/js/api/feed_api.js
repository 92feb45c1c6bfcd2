/**
 * Sends requests about the feed to the server's HTTP API (server/API.md).
 *
 * @typedef {object} Tag
 * @property {string} tag   the key, as in URLs
 * @property {string} name  as people write it
 *
 * @typedef {object} FeedCreator
 * @property {string | null} [id]
 * @property {string} name
 * @property {string | null} handle
 * @property {number} colour
 *
 * @typedef {object} Reason
 * @property {string} code
 * @property {number} weight  points of the score; negative if it counts against the item
 * @property {string} [detail]  the key of a tag, or a mood
 *
 * @typedef {object} FeedItem
 * @property {'live' | 'clip' | 'replay'} kind
 * @property {string} id    of the room or the clip
 * @property {string} room
 * @property {string} url   of the item's own page
 * @property {string} title
 * @property {Tag[]} tags
 * @property {string} mood
 * @property {FeedCreator} creator  without a name if a program made the live
 * @property {string | null} poster  URL
 * @property {string | null} preview  URL of the poster in at most 20,000 bytes
 * @property {number | null} width   px; null if unknown
 * @property {number | null} height
 * @property {number} viewers
 * @property {string | null} live_since  ISO 8601, UTC
 * @property {number | null} duration    s
 * @property {string | null} video       URL of a clip's file
 * @property {string | null} playlist    URL of a replay's playlist
 * @property {Reason[]} [reasons]
 * @property {number} [score]
 *
 * @typedef {object} FeedRequest
 * @property {import('../feed/choice.js').Mode} mode
 * @property {string} mood    '' for none
 * @property {string} taste   the guest's taste; '' for none
 * @property {string} cursor  '' for the first items
 * @property {number} limit
 * @property {string} [at]    the item that comes first, such as `clip:AbC123`
 *
 * @typedef {object} FeedAnswer
 * @property {FeedItem[]} items
 * @property {string | null} cursor  null at the end
 */
import { json, request } from './request.js';

const WATCHED = '/api/feed/watched';

/**
 * @param {FeedRequest} options
 * @returns {Promise<FeedAnswer>}
 */
export function readFeed({ mode, mood, taste, cursor, limit, at }) {
  const query = new URLSearchParams({ mode, limit: String(limit), zone: timeZone() });
  for (const [name, value] of Object.entries({ mood, taste, cursor, at }))
    if (value) query.set(name, value);
  return request(`/api/feed?${query}`);
}

/** @param {import('../feed/watch_meter.js').Watched} watched */
export function sendWatched(watched) {
  return request(WATCHED, { ...json('POST', { ...watched, zone: timeZone() }), keepalive: true });
}

/**
 * Sends what was watched last, while the page is being closed.
 * @param {import('../feed/watch_meter.js').Watched} watched
 */
export function sendWatchedAtEnd(watched) {
  const body = new Blob([JSON.stringify({ ...watched, zone: timeZone() })], {
    type: 'application/json',
  });
  return navigator.sendBeacon(WATCHED, body);
}

/**
 * `kept`: who keeps the taste of this person.
 * @returns {Promise<{kept: 'server' | 'browser', personal: boolean}>}
 */
export function readTaste() {
  return request('/api/taste');
}

/** @param {boolean} personal  whether the server may keep what the person watches */
export function setPersonal(personal) {
  return request('/api/taste', json('PUT', { personal }));
}

/** Deletes what the server knows of the person's taste. */
export function forgetTaste() {
  return request('/api/taste', { method: 'DELETE' });
}

/** The IANA time zone of the viewer. */
function timeZone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}
