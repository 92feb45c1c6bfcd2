import assert from 'node:assert/strict';
import test from 'node:test';
import { firstStart, localInput } from '../../../web/js/me/local_time.js';

test('a time is written on the clock of the browser', () => {
  const at = new Date(2026, 10, 28, 9, 5, 59);
  assert.equal(localInput(at), '2026-11-28T09:05');
  assert.equal(new Date(localInput(at)).getTime(), new Date(2026, 10, 28, 9, 5).getTime());
});

test('the form suggests a full hour that is an hour away or more', () => {
  const suggested = (/** @type {number} */ minutes) =>
    localInput(firstStart(new Date(2026, 10, 28, 23, minutes)));
  assert.equal(suggested(0), '2026-11-29T00:00');
  assert.equal(suggested(1), '2026-11-29T01:00');
  assert.equal(suggested(59), '2026-11-29T01:00');
});
