import assert from 'node:assert/strict';
import test from 'node:test';
import { Playhead } from '../../../../web/js/watch/webcodecs/playhead.js';

test('the playhead corrects by its rate, and jumps only over large differences', () => {
  const head = new Playhead();
  assert.ok(Number.isNaN(head.at(0)));
  head.follow(0, 1_000);
  assert.equal(head.at(100), 1_100);
  let before = head.at(100);
  for (let now = 100; now < 3_000; now += 50) {
    head.follow(now, now + 1_060); // 60 ms further on
    const step = head.at(now + 50) - before;
    assert.ok(step > 0 && step < 60, 'monotonic, without a jump');
    before = head.at(now + 50);
  }
  assert.ok(Math.abs(head.at(3_000) - 4_060) < 2);
  assert.equal(head.jumps, 0);
  head.follow(3_000, 9_000);
  assert.equal(head.at(3_000), 9_000);
  assert.equal(head.jumps, 1);
});
