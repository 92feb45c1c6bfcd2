import assert from 'node:assert/strict';
import test from 'node:test';
import { EdgeClock } from '../../../../web/js/watch/line/edge_clock.js';

test('the event that was the least late sets the edge, which then runs with the clock', () => {
  const clock = new EdgeClock();
  assert.ok(Number.isNaN(clock.at(0)));
  clock.add(0, 0); // before the first frame
  assert.ok(Number.isNaN(clock.at(0)));
  clock.add(1_000, 200_000); // of the history
  clock.add(1_000, 5_000_000);
  clock.add(2_100, 6_000_000); // 100 ms late
  assert.equal(clock.at(3_000), 7_000_000);
  clock.reset();
  assert.ok(Number.isNaN(clock.at(3_000)));
});

test('an old event does not count for ever', () => {
  const clock = new EdgeClock();
  clock.add(0, 1_000);
  for (let n = 1; n <= 12; n++) clock.add(n, n * 1_000);
  assert.equal(clock.at(20), 20_000);
});
