/**
 * Requests what people wrote and tapped in a part of a live (server/API.md).
 *
 * @typedef {object} SaidThen
 * @property {number} media_time  µs
 * @property {number} sequence
 * @property {string} person  id
 * @property {string} name
 * @property {number} colour
 * @property {string | null} handle
 * @property {string} role
 * @property {string} body
 *
 * @typedef {object} Timeline
 * @property {number} until  µs; before the requested end if there are too many messages
 * @property {SaidThen[]} messages
 * @property {{second: number, emoji: Record<string, number>}[]} hearts  `second`: of media time
 */
import { request } from './request.js';
import { roomPath } from './room_api.js';

/**
 * @param {string} room
 * @param {number} from  media time, µs
 * @param {number} to
 * @returns {Promise<Timeline>}
 */
export function timelineOf(room, from, to) {
  return request(`${roomPath(room)}/timeline?from=${from}&to=${to}`);
}
