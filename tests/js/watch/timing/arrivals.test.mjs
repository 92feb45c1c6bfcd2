import assert from 'node:assert/strict';
import test from 'node:test';
import { Arrivals } from '../../../../web/js/watch/timing/arrivals.js';

test('the live edge follows the fastest arrival, the jitter the late ones', () => {
  const arrivals = new Arrivals();
  for (let n = 0; n < 200; n++) arrivals.add(n * 33, 1_000 + n * 33 + (n % 10 ? 0 : 60));
  assert.equal(arrivals.edge(10_000), 9_000);
  assert.ok(arrivals.jitter >= 0 && arrivals.jitter <= 60);
});
