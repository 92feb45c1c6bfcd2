// The plot of reactions over time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { plotOf } from '../../../web/js/studio/plot.js';

test('the largest count reaches the top, zero stays at the bottom', () => {
  const { line, area, top, x } = plotOf([0, 10, 5], 100, 50);
  assert.equal(line, 'M0 50L50 0L100 25');
  assert.equal(area, 'M0 50L50 0L100 25L100 50L0 50Z');
  assert.equal(top, 10);
  assert.deepEqual([0, 1, 1.5, 2].map(x), [0, 50, 50, 100]);
});

test('one count is a level line, and no counts are a line at the bottom', () => {
  assert.equal(plotOf([3], 100, 50).line, 'M0 0L100 0');
  assert.equal(plotOf([], 100, 50).line, 'M0 50L100 50');
});

test('a long live has no longer path, and none of its reactions is lost', () => {
  const { line } = plotOf(
    Array.from({ length: 720 }, () => 1),
    320,
    90,
  );
  assert.ok(line.split('L').length <= 320 / 3 + 1);
});
