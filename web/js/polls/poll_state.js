/**
 * Computes the content of a poll's card. Pure.
 *
 * @typedef {object} Poll  as the room's event describes it (server/API.md)
 * @property {string} id
 * @property {string} question
 * @property {string[]} answers
 * @property {number[]} votes
 * @property {boolean} open
 * @property {number | null} [closes_shown_until]  time until which the result is displayed, ms
 *   since 1970
 *
 * @typedef {object} PollAnswer
 * @property {string} text
 * @property {number} votes
 * @property {number} percent
 * @property {boolean} best    whether the poll is closed and this answer has the most votes
 * @property {boolean} chosen  whether the reader chose this answer
 */
import { percentages } from './percentages.js';

export const RESULT_FOR = 10_000; // ms

/**
 * @param {Poll} poll
 * @param {number | null} mine  index of the reader's answer
 * @returns {{total: number, answers: PollAnswer[]}}
 */
export function pollView({ answers, votes, open }, mine) {
  const total = votes.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...votes);
  const shares = percentages(votes);
  return {
    total,
    answers: answers.map((text, n) => {
      const count = votes[n] ?? 0;
      return {
        text,
        votes: count,
        percent: shares[n] ?? 0,
        best: !open && count === most && most > 0,
        chosen: n === mine,
      };
    }),
  };
}

/**
 * Returns the time for which the card stays visible, ms; Infinity for an open poll, 0 without a
 * poll.
 * @param {Poll | null} poll
 * @param {number} closedAt  time at which the page learned that the poll is closed, ms since 1970
 * @param {number} now       ms since 1970
 */
export function shownFor(poll, closedAt, now) {
  if (!poll) return 0;
  return poll.open ? Infinity : Math.max(0, closedAt + RESULT_FOR - now);
}
