/** Sends requests about the chat of one room to the server's HTTP API (server/API.md). */
import { RoomApi } from '../api/room_api.js';

/** @typedef {import('./message_list.js').Message} Message */

export const PAGE = 50; // maximum number of messages in one answer

export class ChatApi extends RoomApi {
  /**
   * @param {{id: string, text: string, reply_to?: number, media_time?: number}} message
   * @returns {Promise<Message>}
   */
  write(message) {
    return this.send('/messages', 'POST', message);
  }

  /**
   * @param {number} [after]  requests the messages after this number; by default, the newest
   *   messages
   * @returns {Promise<{messages: Message[], sequence: number, role: string,
   *   creator: import('../people/people_api.js').Person | null}>} `role`: role of the reader
   */
  history(after) {
    const range = after === undefined ? '' : `&after=${after}`;
    return this.send(`/messages?limit=${PAGE}${range}`);
  }

  /** @param {{message?: number, person?: string, reason: string, text: string}} report */
  report(report) {
    return this.send('/reports', 'POST', report);
  }
}
