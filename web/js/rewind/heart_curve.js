/**
 * Draws the taps per second as a curve, as the `d` of an SVG path. Pure.
 *
 * @typedef {import('./replay_window.js').HeartSecond} HeartSecond
 */

export const [WIDTH, HEIGHT] = [100, 20];
const SPREAD = [1, 2, 1]; // weights of the previous second, the second itself, and the next second
const LEAST = 4; // taps in a second that fill at most half of the height, so that few taps stay low

/**
 * Returns the taps of each second from `first` to the second before `end`, smoothed.
 * @param {readonly HeartSecond[]} hearts
 * @param {number} first
 * @param {number} end
 */
export function heights(hearts, first, end) {
  const length = Math.max(0, end - first);
  const counts = new Array(length).fill(0);
  for (const { second, emoji } of hearts) {
    const sum = Object.values(emoji).reduce((total, taps) => total + taps, 0);
    if (second >= first && second < end) counts[second - first] = sum;
  }
  const total = SPREAD.reduce((sum, weight) => sum + weight, 0);
  return counts.map(
    (_, n) => SPREAD.reduce((sum, weight, k) => sum + weight * (counts[n + k - 1] ?? 0), 0) / total,
  );
}

/**
 * Returns the path of the area below the curve, in a box of WIDTH and HEIGHT; '' without taps.
 * @param {readonly HeartSecond[]} hearts
 * @param {number} start  µs
 * @param {number} end    µs
 */
export function heartCurve(hearts, start, end) {
  const [first, last] = [Math.floor(start / 1e6), Math.ceil(end / 1e6)];
  const values = heights(hearts, first, last);
  const most = Math.max(LEAST, ...values);
  if (!values.some(Boolean)) return '';
  const x = (/** @type {number} */ second) =>
    Math.min(WIDTH, Math.max(0, ((second * 1e6 - start) / (end - start)) * WIDTH)).toFixed(2);
  const y = (/** @type {number} */ value) => (HEIGHT - (value / most) * HEIGHT).toFixed(2);
  const points = values.map((value, n) => `L${x(first + n + 0.5)} ${y(value)}`);
  return `M0 ${HEIGHT}${points.join('')}L${WIDTH} ${HEIGHT}Z`;
}
