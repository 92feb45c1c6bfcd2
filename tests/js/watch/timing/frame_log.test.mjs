import assert from 'node:assert/strict';
import test from 'node:test';
import { FrameLog } from '../../../../web/js/watch/timing/frame_log.js';

test('a frame has the capture time of the newest one not after it', () => {
  const log = new FrameLog(4);
  for (let n = 0; n < 6; n++) log.add(n * 33_000, 1_000 + n);
  assert.equal(log.captureOf(5 * 33_000), 1_005);
  assert.equal(log.captureOf(4 * 33_000 + 20_000), 1_004);
  assert.ok(Number.isNaN(log.captureOf(0)));
});
