import { BROWSER } from '../page/environment.js';
import { bearer, json, request } from './request.js';
import { roomPath } from './room_api.js';

export { ApiError } from './request.js';

/**
 * Sends requests to the server's HTTP API (server/API.md).
 *
 * @typedef {import('./request.js').Network} Network
 *
 * @typedef {object} RoomInfo
 * @property {string} room
 * @property {string} title
 * @property {'idle' | 'live' | 'away' | 'ended'} state
 * @property {number} viewers
 * @property {number} created_at Unix seconds
 * @property {number | null} live_since Unix seconds
 * @property {string | null} [poster] path of the latest poster, in the list of rooms only
 *
 * @typedef {object} RoomHealth
 * @property {RoomInfo} room
 * @property {import('../publish/health.js').Ingest | null} ingest  what the server receives; null
 *   if no publisher is connected
 * @property {import('../publish/health.js').Audience} audience
 * @property {import('./live_api.js').Moment | null} [highlight]  the best moment so far, while the
 *   server offers it
 *
 * @typedef {'public' | 'unlisted' | 'private'} Visibility
 * @typedef {'calm' | 'loud' | 'funny' | 'learn' | 'create'} Mood
 * @typedef {{visibility?: Visibility, length?: number | null, mood?: Mood}} LiveChoices  `length` in
 *   s, null for a live without a time limit
 *
 * @typedef {object} NewRoom
 * @property {string} room
 * @property {string} title
 * @property {string} key
 * @property {string} whip
 * @property {string} watch
 * @property {RTCIceServer[]} ice_servers
 */

/**
 * @returns {Promise<{create: 'anyone' | 'token', version: string,
 *   keep_replays?: import('./live_api.js').Keep}>}
 */
export function config() {
  return request('/api/config');
}

/** @returns {Promise<RoomInfo[]>} */
export async function liveRooms() {
  return (await request('/api/rooms')).rooms;
}

/**
 * @param {string} room
 * @param {Network} [environment]
 * @returns {Promise<RoomInfo>}
 */
export function roomInfo(room, environment = BROWSER) {
  return request(roomPath(room), {}, environment);
}

/**
 * @param {string} title
 * @param {string | null} token
 * @param {LiveChoices} [choices]
 * @returns {Promise<NewRoom>}
 */
export function createRoom(title, token, choices = {}) {
  const body = { ...(title ? { title } : {}), ...choices };
  return request('/api/rooms', { ...json('POST', body), ...bearer(token) });
}

/**
 * @param {string} room
 * @param {string} key
 */
export function endRoom(room, key) {
  return request(roomPath(room), {
    method: 'DELETE',
    keepalive: true,
    ...bearer(key),
  });
}

/**
 * @param {string} room
 * @param {string} key
 * @param {Network} [environment]
 * @returns {Promise<RoomHealth>}
 */
export function roomHealth(room, key, environment = BROWSER) {
  const init = { signal: environment.timeoutSignal(3_000), ...bearer(key) };
  return request(`${roomPath(room)}/health`, init, environment);
}

/**
 * @param {string} room
 * @param {string} [query]  query of the watch link
 */
export function qrUrl(room, query = '') {
  return `${roomPath(room)}/qr.svg${query}`;
}
