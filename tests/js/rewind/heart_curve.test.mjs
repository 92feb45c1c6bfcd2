// The curve of the hearts on the scrub bar.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HEIGHT, WIDTH, heartCurve, heights } from '../../../web/js/rewind/heart_curve.js';

const hearts = (...pairs) => pairs.map(([second, heart]) => ({ second, emoji: { heart } }));
const points = (path) =>
  [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

test('without taps there is no curve', () => {
  assert.equal(heartCurve([], 0, 90e6), '');
  assert.equal(heartCurve(hearts([500, 3]), 0, 90e6), '', 'outside of the window');
});

test('all emoji of a second count, and a second spreads a little', () => {
  const taps = [{ second: 2, emoji: { heart: 3, fire: 1 } }];
  assert.deepEqual(heights(taps, 0, 5), [0, 1, 2, 1, 0]);
});

test('the most loved second is the highest, where it was', () => {
  const made = points(heartCurve(hearts([20, 10], [60, 100]), 0, 100e6));
  const [x, y] = made.reduce((best, point) => (point[1] < best[1] ? point : best));
  assert.ok(Math.abs(x - 60.5) < 0.01 && y === 0, `${x} ${y}`);
  for (const [left, top] of made)
    assert.ok(left >= 0 && left <= WIDTH && top >= 0 && top <= HEIGHT, `${left} ${top}`);
});

test('few taps stay low', () => {
  const made = points(heartCurve(hearts([5, 1]), 0, 10e6));
  assert.ok(Math.min(...made.map(([, y]) => y)) >= HEIGHT / 2);
});

test('the window may begin within a second', () => {
  const made = points(heartCurve(hearts([10, 5], [14, 5]), 10.7e6, 15.2e6));
  assert.ok(made.every(([x]) => x >= 0 && x <= WIDTH));
});
