/**
 * Sends requests about a live to the server's HTTP API (server/API.md), for its creator: polls, the
 * countdown, watch links, the summary.
 *
 * @typedef {object} Poll
 * @property {string} id
 * @property {string} question
 * @property {string[]} answers
 * @property {number[]} votes
 * @property {boolean} open
 * @property {number | null} closes_shown_until  time until which the result is displayed, ms since
 *   1970
 *
 * @typedef {object} WatchLink
 * @property {string} id
 * @property {string} url
 * @property {number} created_at Unix seconds
 * @property {number} expires_at Unix seconds
 * @property {number | null} revoked_at Unix seconds
 *
 * @typedef {object} Summary
 * @property {string} title
 * @property {number} duration  s
 * @property {number} peak
 * @property {{total: number, emoji: Record<string, number>, step: number, counts: number[]}} hearts
 * @property {number} people
 * @property {number} messages
 * @property {{at: number, people: number, taps: number} | null} top_moment
 * @property {{person: import('../people/people_api.js').Person, messages: number}[]} talkers
 * @property {number} new_followers
 * @property {{question: string, answers: string[], votes: number[], at: number}[]} polls
 *
 * @typedef {'yes' | 'day' | 'no'} Keep  whether the replay is kept; `day`: for 24 hours
 *
 * @typedef {object} Replay
 * @property {'recording' | 'finished' | 'stopped' | 'none'} state
 * @property {Keep} keep
 * @property {number | null} began_at Unix seconds
 * @property {number} duration  s
 * @property {number} bytes
 * @property {number | null} delete_at Unix seconds
 * @property {'' | 'disk_full' | 'too_long' | 'store_failed' | 'over_limit'} note  why the recording
 *   stopped before its live
 *
 * @typedef {object} Moment  one of the best moments of the live
 * @property {number} at     s from the beginning of the live
 * @property {number} peak   media time, µs
 * @property {number} start
 * @property {number} end
 * @property {number} people
 *
 * @typedef {{name: string, url: string, type: string, seconds: number, why: string}} ExportFile
 */
import { RoomApi } from './room_api.js';

export class LiveApi extends RoomApi {
  /**
   * @param {string} question
   * @param {string[]} answers  2 to 4
   * @returns {Promise<Poll>}
   */
  async ask(question, answers) {
    return (await this.send('/polls', 'POST', { question, answers })).poll;
  }

  /**
   * @param {string} poll
   * @returns {Promise<Poll>} the closed poll, with all votes
   */
  async closePoll(poll) {
    return (await this.send(`/polls/${encodeURIComponent(poll)}`, 'DELETE')).poll;
  }

  /** @returns {Promise<{length: number, ends_at: number | null}>} `ends_at`: ms since 1970 */
  addMinute() {
    return this.send('/minutes', 'POST');
  }

  /** @returns {Promise<WatchLink[]>} the newest first */
  async links() {
    return (await this.send('/links')).links;
  }

  /**
   * @param {number} seconds  for which the link is valid
   * @returns {Promise<WatchLink>}
   */
  makeLink(seconds) {
    return this.send('/links', 'POST', { seconds });
  }

  /** @param {string} link */
  revokeLink(link) {
    return this.send(`/links/${encodeURIComponent(link)}`, 'DELETE');
  }

  /** @returns {Promise<Summary>} the summary of a live that has ended */
  summary() {
    return this.send('/summary');
  }

  /** @returns {Promise<Replay>} what is kept of the live */
  replay() {
    return this.send('/replay');
  }

  /**
   * @param {Keep} keep
   * @returns {Promise<Replay>}
   */
  keepReplay(keep) {
    return this.send('/replay', 'PUT', { keep });
  }

  /** Deletes what was recorded of the live. */
  deleteReplay() {
    return this.send('/replay', 'DELETE');
  }

  /** @returns {Promise<Moment[]>} the best one first */
  async moments() {
    return (await this.send('/highlights')).moments;
  }

  /** @returns {Promise<ExportFile[]>} the files of a live that has ended */
  async files() {
    return (await this.send('/export')).files;
  }

  /** Deletes the live and all data of the live. */
  deleteAll() {
    return this.send('/data', 'DELETE');
  }
}
