/** Sends a viewer's requests about the polls of one room to the HTTP API (server/API.md). */
import { RoomApi } from '../api/room_api.js';

export class PollsApi extends RoomApi {
  /** @returns {Promise<number | null>} index of the reader's own answer in the open poll */
  async ownVote() {
    return (await this.send('/polls')).vote;
  }

  /**
   * @param {string} poll
   * @param {number} answer  index of the answer
   */
  vote(poll, answer) {
    return this.send(`/polls/${encodeURIComponent(poll)}/vote`, 'PUT', { answer });
  }
}
