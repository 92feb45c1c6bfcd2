/** Computes the shares of votes in whole percent. Pure. */

/**
 * Returns whole percentages whose sum is 100, or only zeros if there are no votes. The largest
 * remainders are rounded up.
 * @param {readonly number[]} votes
 */
export function percentages(votes) {
  const all = votes.reduce((sum, count) => sum + count, 0);
  if (!all) return votes.map(() => 0);
  const exact = votes.map((count) => (count / all) * 100);
  const whole = exact.map(Math.floor);
  const missing = 100 - whole.reduce((sum, share) => sum + share, 0);
  const order = exact
    .map((share, n) => ({ n, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.n - b.n);
  for (const { n } of order.slice(0, missing)) whole[n] = (whole[n] ?? 0) + 1;
  return whole;
}
