/**
 * Computes the content of a poll's card. Pure.
 *
 * @typedef {object} Poll  as the room's event describes it (server/API.md)
 * @property {string} id
 * @property {string} question
 * @property {string[]} answers
 * @property {number[]} votes
 * @property {boolean} open
 * @property {number | null} [closes_shown_until]  end of the display of the result, ms since 1970
 *
 * @typedef {object} PollAnswer
 * @property {string} text
 * @property {number} votes
 * @property {number} percent
 * @property {boolean} best    has the most votes of a closed poll
 * @property {boolean} chosen  by the reader
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
 * @param {number} closedAt  ms since 1970 at which the page learned that the poll had been closed
 * @param {number} now       ms since 1970
 */
export function shownFor(poll, closedAt, now) {
  if (!poll) return 0;
  return poll.open ? Infinity : Math.max(0, closedAt + RESULT_FOR - now);
}
