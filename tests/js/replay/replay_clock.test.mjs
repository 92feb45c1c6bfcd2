// The time of a replay and media time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ReplayClock } from '../../../web/js/replay/replay_clock.js';

const S = 1e6;
const clock = new ReplayClock([
  [0, 5 * S, 8 * S],
  [8 * S, 20 * S, 4 * S],
]);

test('the interruption takes no time in the replay', () => {
  assert.equal(clock.duration, 12);
  assert.equal(clock.mediaTime(0), 5 * S);
  assert.equal(clock.mediaTime(7.5), 12.5 * S);
  assert.equal(clock.mediaTime(8), 20 * S);
  assert.equal(clock.mediaTime(11), 23 * S);
});

test('times outside of the replay become its ends', () => {
  assert.equal(clock.mediaTime(-1), 5 * S);
  assert.equal(clock.mediaTime(99), 24 * S);
});

test('a media time becomes a time in the replay', () => {
  for (const [media, wanted] of [
    [0, 0],
    [5, 0],
    [12, 7],
    [15, 8],
    [20, 8],
    [24, 12],
    [99, 12],
  ])
    assert.equal(clock.seconds(media * S), wanted, String(media));
});

test('a replay without runs has only the time 0', () => {
  const empty = new ReplayClock([]);
  assert.deepEqual([empty.duration, empty.mediaTime(3), empty.seconds(3)], [0, 0, 0]);
});
