import assert from 'node:assert/strict';
import test from 'node:test';
import { LIMIT, Watchdog } from '../../../web/js/watch/watchdog.js';

test('the watchdog reports each time that expected frames do not appear', () => {
  const dog = new Watchdog();
  const at = (from, to, frames, expected, bytes = (now) => now) => {
    const reports = [];
    for (let now = from; now < to; now += 1_000)
      if (dog.stalled(now, frames(now), bytes(now), expected)) reports.push(now);
    return reports;
  };
  const standing = () => 7;
  assert.deepEqual(
    at(0, 60_000, (now) => now, true),
    [],
    'frames appear',
  );
  assert.deepEqual(at(60_000, 90_000, standing, false), [], 'none are expected');
  assert.deepEqual(at(90_000, 115_000, standing, true), [89_000 + LIMIT, 89_000 + 2 * LIMIT]);
  assert.deepEqual(
    at(115_000, 145_000, standing, true, () => 5),
    [],
    'nothing arrives',
  );
  assert.deepEqual(
    at(145_000, 160_000, standing, true, () => NaN),
    [144_000 + LIMIT],
    'media of another transport is not counted',
  );
  assert.deepEqual(
    at(160_000, 200_000, (now) => Math.floor(now / 5_000), true),
    [],
    'a frame every five seconds is enough',
  );
});

test('time in which the page stood still does not count', () => {
  const dog = new Watchdog();
  const reports = [];
  for (let [n, now] = [0, 0]; n < 40; n++, now += n % 10 ? 1_000 : 60_000)
    // Frames stop at the 25th second; once in ten seconds the page stands still for a minute.
    reports.push(dog.stalled(now, Math.min(n, 25), now, true) ? n : null);
  assert.deepEqual(
    reports.filter((n) => n),
    [34],
  );
});
