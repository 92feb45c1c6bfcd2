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
 * @property {number} until  µs; before the requested end if there are far too many messages
 * @property {SaidThen[]} messages
 * @property {{second: number, emoji: Record<string, number>}[]} hearts  `second`: of media time
 */
import { request } from './request.js';
import { roomPath } from './room_api.js';

const REQUESTS = 20; // maximum number of requests for one part

/**
 * Loads a part of a live. The server gives a part with many messages in several answers.
 * @param {string} room
 * @param {number} from  media time, µs
 * @param {number} to
 * @returns {Promise<Timeline>}
 */
export async function timelineOf(room, from, to) {
  /** @type {Timeline} */
  const whole = { until: from, messages: [], hearts: [] };
  for (let n = 0; n < REQUESTS && whole.until < to; n++) {
    /** @type {Timeline} */
    const answer = await request(`${roomPath(room)}/timeline?from=${whole.until}&to=${to}`);
    whole.messages.push(...answer.messages);
    whole.hearts.push(...answer.hearts);
    if (answer.until <= whole.until) break;
    whole.until = answer.until;
  }
  return whole;
}
