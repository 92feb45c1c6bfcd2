// The remaining time of a live.
import assert from 'node:assert/strict';
import test from 'node:test';
import { remaining } from '../../../web/js/studio/remaining.js';

test('a live without a length has no countdown', () => assert.equal(remaining(null, 60, 0), null));

test('the ring shrinks with the time, and the last ten seconds are marked', () => {
  assert.deepEqual(remaining(60_000, 60, 0), { seconds: 60, part: 1, last: false });
  assert.deepEqual(remaining(60_000, 60, 45_000), { seconds: 15, part: 0.25, last: false });
  assert.deepEqual(remaining(60_000, 60, 50_500), { seconds: 10, part: 10 / 60, last: true });
  assert.deepEqual(remaining(60_000, 60, 70_000), { seconds: 0, part: 0, last: true });
});
