import assert from 'node:assert/strict';
import test from 'node:test';
import { SoundSteering } from '../../../../web/js/watch/webcodecs/sound_steering.js';

test('small differences change the rate, large ones are one jump', () => {
  const steering = new SoundSteering();
  assert.deepEqual(steering.decide({ now: 0, position: NaN, wanted: 500 }), { rate: 1, jump: 500 });
  assert.deepEqual(steering.decide({ now: 100, position: 600, wanted: 601 }), {
    rate: 1,
    jump: null,
  });
  const { rate, jump } = steering.decide({ now: 200, position: 700, wanted: 720 });
  assert.equal(jump, null);
  assert.ok(rate > 1 && rate <= 1.01);
  assert.ok(steering.decide({ now: 300, position: 800, wanted: 765 }).rate >= 0.99);
  assert.equal(steering.decide({ now: 9_000, position: 1_000, wanted: 1_380 }).jump, 1_380);
  assert.equal(
    steering.decide({ now: 9_100, position: 1_000, wanted: 1_380 }).jump,
    null,
    'it takes a moment to arrive',
  );
  assert.equal(steering.jumps, 1);
});
