import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from '../../../web/js/api/backoff.js';

test('the first wait is zero, and none exceeds a second in the first minute', () => {
  const backoff = new Backoff(() => 1);
  assert.equal(backoff.next(0), 0);
  for (let now = 0; now < 59_000; now += 1_000) assert.ok(backoff.next(now) <= 1_000);
  assert.ok(backoff.next(61_000) > 1_000);
});
