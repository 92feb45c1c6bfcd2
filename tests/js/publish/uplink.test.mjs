// The encoding level by the uplink's capacity.
import assert from 'node:assert/strict';
import test from 'node:test';
import { LEVELS, Uplink } from '../../../web/js/publish/uplink.js';

/** Measures `count` seconds of the same estimate; returns how often the level changed. */
const seconds = (uplink, count, estimate) => {
  let changes = 0;
  for (let n = 0; n < count; n++) changes += uplink.measure(estimate) ? 1 : 0;
  return changes;
};

test('a good path keeps full resolution; a moment below 600 kbps does not change it', () => {
  const uplink = new Uplink();
  assert.equal(seconds(uplink, 60, 2_000_000), 0);
  assert.equal(seconds(uplink, 3, 300_000), 0);
  assert.equal(seconds(uplink, 1, 2_000_000), 0);
  assert.equal(uplink.level.scale, 1);
});

test('a weak path steps down, and up again when there is capacity', () => {
  const uplink = new Uplink();
  assert.equal(seconds(uplink, 5, 400_000), 1);
  assert.equal(uplink.level.preference, 'balanced');
  assert.equal(seconds(uplink, 5, 100_000), 1);
  assert.equal(uplink.level.preference, 'maintain-framerate');
  assert.equal(seconds(uplink, 120, 2_000_000), 2);
  assert.equal(uplink.level.scale, 1);
});

test('a step up that did not last doubles the wait for the next one', () => {
  const uplink = new Uplink();
  seconds(uplink, 4, 400_000);
  assert.equal(seconds(uplink, 10, 1_000_000), 1);
  seconds(uplink, 4, 400_000);
  assert.equal(seconds(uplink, 19, 1_000_000), 0);
  assert.equal(seconds(uplink, 1, 1_000_000), 1);
});

test('there is no level below the last and none above the first', () => {
  const uplink = new Uplink();
  assert.equal(seconds(uplink, 1_000, 1), LEVELS.length - 1);
  assert.equal(uplink.level, LEVELS.at(-1));
  assert.equal(seconds(uplink, 1_000, 1e9), LEVELS.length - 1);
  assert.equal(uplink.level, LEVELS[0]);
});
