import assert from 'node:assert/strict';
import test from 'node:test';
import { trimTo } from '../../../../web/js/watch/hls/back_buffer.js';

test('played media is removed between two segments, and only after a long time within one', () => {
  assert.equal(trimTo({ position: 30, start: 20, whole: true }), null);
  assert.equal(trimTo({ position: 30, start: 18, whole: true }), 20);
  assert.equal(trimTo({ position: 30, start: 18, whole: false }), null);
  assert.equal(trimTo({ position: 60, start: 18, whole: false }), 50);
  assert.equal(trimTo({ position: 60, start: NaN, whole: true }), null);
});
