import assert from 'node:assert/strict';
import test from 'node:test';
import { DelayTarget } from '../../../../web/js/watch/webcodecs/delay_target.js';

test('the target rises at once, falls slowly and keeps its bounds', () => {
  const target = new DelayTarget();
  assert.equal(target.update(0, 0, 5), 20);
  assert.equal(target.update(100, 80, 20), 100);
  assert.equal(target.update(1_100, 0, 20), 70);
  assert.equal(target.update(1_200, 5_000, 20), 1_000);
});

test('a dry spell moves the target back for a while; an outage does not', () => {
  const target = new DelayTarget();
  target.update(0, 10, 20);
  target.ranDry(30);
  assert.equal(target.update(0, 10, 20), 60);
  target.ranDry(370);
  assert.equal(target.update(0, 10, 20), 60);
  for (let now = 0; now <= 20_000; now += 100) target.update(now, 10, 20);
  assert.equal(target.value, 30);
});

test('the target has no floor', () => {
  const target = new DelayTarget();
  for (let now = 0; now <= 1_000; now += 100) target.update(now, 2, 0);
  assert.equal(target.value, 2);
});
