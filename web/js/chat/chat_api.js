/** Sends requests about the chat of one room to the server's HTTP API (server/API.md). */
import { json, request } from '../api/request.js';

/** @typedef {import('./message_list.js').Message} Message */

export const PAGE = 50; // messages in one answer

/** @param {string} room */
const pathOf = (room) => `/api/rooms/${encodeURIComponent(room)}`;

/**
 * @param {string} room
 * @param {{id: string, text: string, reply_to?: number, media_time?: number}} message
 * @returns {Promise<Message>}
 */
export const send = (room, message) => request(`${pathOf(room)}/messages`, json('POST', message));

/**
 * @param {string} room
 * @param {{after?: number, before?: number}} [range]  numbers; by default the newest messages
 * @returns {Promise<{messages: Message[], sequence: number, role: string,
 *   creator: import('../people/people_api.js').Person | null}>} `role`: of the reader
 */
export const history = (room, range = {}) =>
  request(
    `${pathOf(room)}/messages?${new URLSearchParams({ ...texts(range), limit: String(PAGE) })}`,
  );

/**
 * @param {string} room
 * @param {{message?: number, person?: string, reason: string, text: string}} report
 */
export const report = (room, report) => request(`${pathOf(room)}/reports`, json('POST', report));

/** @param {Record<string, number | undefined>} numbers */
const texts = (numbers) =>
  Object.fromEntries(
    Object.entries(numbers).flatMap(([name, n]) => (n === undefined ? [] : [[name, String(n)]])),
  );
