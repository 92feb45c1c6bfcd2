/** The remaining time of a live. Pure. */

const LAST = 10; // s

/**
 * @param {number | null} endsAt  ms since 1970; null if the live has no fixed length, or has not
 *   started yet
 * @param {number} whole  duration of the whole live, s
 * @param {number} now  ms since 1970
 * @returns {{seconds: number, part: number, last: boolean} | null} `part`: remaining part of the
 *   whole live, 0 to 1; `last`: whether at most 10 seconds remain
 */
export function remaining(endsAt, whole, now) {
  if (endsAt === null) return null;
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1_000));
  return { seconds, part: Math.min(1, seconds / Math.max(whole, 1)), last: seconds <= LAST };
}
