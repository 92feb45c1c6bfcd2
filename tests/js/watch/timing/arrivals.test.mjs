import assert from 'node:assert/strict';
import test from 'node:test';
import { Arrivals } from '../../../../web/js/watch/timing/arrivals.js';

test('the live edge follows the fastest arrival, the jitter the late ones', () => {
  const arrivals = new Arrivals();
  for (let n = 0; n < 200; n++) arrivals.add(n * 33, 1_000 + n * 33 + (n % 10 ? 0 : 60));
  assert.equal(arrivals.edge(10_000), 9_000);
  assert.ok(arrivals.jitter >= 0 && arrivals.jitter <= 60);
});

test('the jitter of a page that is still starting is forgotten', () => {
  const arrivals = new Arrivals();
  const jitters = [];
  for (let n = 0; n < 150; n++) {
    arrivals.add(n * 33, n * 33 + (n < 60 && n % 2 ? 80 : n % 2));
    jitters.push(Math.round(arrivals.jitter));
  }
  assert.ok(jitters.slice(45, 100).every((jitter) => jitter === 80));
  assert.equal(jitters.at(-1), 1);
});
