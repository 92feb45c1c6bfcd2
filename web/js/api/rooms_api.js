/**
 * The HTTP interface (server/API.md).
 *
 * @typedef {object} RoomInfo
 * @property {string} room
 * @property {string} title
 * @property {'idle' | 'live' | 'away' | 'ended'} state
 * @property {number} viewers
 * @property {number} created_at
 * @property {number | null} live_since Unix seconds
 *
 * @typedef {object} RoomHealth
 * @property {RoomInfo} room
 * @property {import('../publish/health.js').Ingest | null} ingest  null while nobody publishes
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

/** A refusal: `status` is the HTTP status, 0 when the server was not reached. */
export class ApiError extends Error {
  status;

  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
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
 * @returns {Promise<RoomInfo>}
 */
export function roomInfo(room) {
  return request(`/api/rooms/${encodeURIComponent(room)}`);
}

/**
 * @param {string} title
 * @param {string | null} token
 * @returns {Promise<NewRoom>}
 */
export function createRoom(title, token) {
  return request('/api/rooms', { method: 'POST', body: JSON.stringify(title ? { title } : {}), ...bearer(token) });
}

/**
 * @param {string} room
 * @param {string} key
 */
export function endRoom(room, key) {
  return request(`/api/rooms/${encodeURIComponent(room)}`, { method: 'DELETE', keepalive: true, ...bearer(key) });
}

/**
 * @param {string} room
 * @param {string} key
 * @returns {Promise<RoomHealth>}
 */
export function roomHealth(room, key) {
  return request(`/api/rooms/${encodeURIComponent(room)}/health`, { signal: AbortSignal.timeout(3_000), ...bearer(key) });
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
 * @returns {Promise<any>}
 */
async function request(path, init = {}) {
  const headers = { Accept: 'application/json', ...(init.body ? { 'Content-Type': 'application/json' } : {}), ...init.headers };
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(8_000), ...init, headers });
  } catch {
    throw new ApiError('The server cannot be reached. Check the connection.', 0);
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(body?.error ?? `The server answered ${response.status}.`, response.status);
  return body;
}
