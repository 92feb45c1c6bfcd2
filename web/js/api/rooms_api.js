import { BROWSER } from '../page/environment.js';
import { refusalOf } from '../page/refusals.js';

/**
 * Sends requests to the server's HTTP API (server/API.md).
 *
 * @typedef {Pick<Readonly<import('../page/environment.js').Environment>,
 *   'fetch' | 'timeoutSignal'>} Network
 *
 * @typedef {object} RoomInfo
 * @property {string} room
 * @property {string} title
 * @property {'idle' | 'live' | 'away' | 'ended'} state
 * @property {number} viewers
 * @property {number} created_at Unix seconds
 * @property {number | null} live_since Unix seconds
 *
 * @typedef {object} RoomHealth
 * @property {RoomInfo} room
 * @property {import('../publish/health.js').Ingest | null} ingest  null if no publisher is
 *   connected
 * @property {import('../publish/health.js').Audience} audience
 *
 * @typedef {object} NewRoom
 * @property {string} room
 * @property {string} title
 * @property {string} key
 * @property {string} whip
 * @property {string} watch
 * @property {RTCIceServer[]} ice_servers
 */

/** Thrown if the server refuses a request or cannot be reached. The page shows `message`. */
export class ApiError extends Error {
  status;
  code;
  retryAfter;

  /**
   * @param {string} message
   * @param {number} status of the HTTP answer; 0 when the server could not be reached
   * @param {{code?: string, retryAfter?: number}} [more] `retryAfter` in s
   */
  constructor(message, status, { code = '', retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** @returns {Promise<{create: 'anyone' | 'token', version: string}>} */
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
  return request(`/api/rooms/${encodeURIComponent(room)}`, {}, environment);
}

/**
 * @param {string} title
 * @param {string | null} token
 * @returns {Promise<NewRoom>}
 */
export function createRoom(title, token) {
  return request('/api/rooms', {
    method: 'POST',
    body: JSON.stringify(title ? { title } : {}),
    ...bearer(token),
  });
}

/**
 * @param {string} room
 * @param {string} key
 */
export function endRoom(room, key) {
  return request(`/api/rooms/${encodeURIComponent(room)}`, {
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
  return request(`/api/rooms/${encodeURIComponent(room)}/health`, init, environment);
}

/** @param {string} room */
export function qrUrl(room) {
  return `/api/rooms/${encodeURIComponent(room)}/qr.svg`;
}

/** @param {string | null} secret */
function bearer(secret) {
  return secret ? { headers: { Authorization: `Bearer ${secret}` } } : {};
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @param {Network} [environment]
 * @returns {Promise<any>}
 */
async function request(path, init = {}, environment = BROWSER) {
  const headers = {
    Accept: 'application/json',
    ...(init.body ? { 'Content-Type': 'application/json' } : {}),
    ...init.headers,
  };
  let response;
  try {
    response = await environment.fetch(path, {
      cache: 'no-store',
      signal: environment.timeoutSignal(8_000),
      ...init,
      headers,
    });
  } catch {
    throw new ApiError('The server cannot be reached. Check the connection.', 0);
  }
  if (response.status === 204) return null;
  if (response.ok) {
    return response.json().catch(() => {
      // For example the login page of a public network.
      throw new ApiError('The answer does not come from the server. Check the connection.', 0);
    });
  }
  const { text, code } = refusalOf(await response.text().catch(() => ''));
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  const message = text || `The server answered ${response.status}.`;
  throw new ApiError(message, response.status, { code, retryAfter });
}
