import assert from 'node:assert/strict';
import test from 'node:test';
import { Offset } from '../../../../web/js/watch/webcodecs/offset.js';

test('a clock that stopped counts after some seconds, a slow message never', () => {
  const offset = new Offset();
  assert.equal(offset.value, Infinity);
  const at = (now, stood, late) => offset.add(now + late, now - 500 - stood);
  let now = 0;
  for (; now < 10_000; now += 32) at(now, 0, now % 320 ? 6 : 1);
  assert.equal(offset.value, 501);
  for (; now < 15_000; now += 32) at(now, 40, now % 320 ? 6 : 1);
  assert.equal(offset.value, 541);
  offset.add(90_000, 89_000); // the page was suspended
  assert.equal(offset.value, 1_000);
});
