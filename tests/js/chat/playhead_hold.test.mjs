// Messages wait for the reader's picture.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PlayheadHold } from '../../../web/js/chat/playhead_hold.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';

/** A hold whose picture plays in real time, `behind` ms after the clock. */
function make(behind) {
  const clock = new FakeClock();
  const shown = [];
  const seen = () => (clock.now - behind) * 1_000;
  const hold = new PlayheadHold(
    seen,
    (items) => shown.push(...items.map((item) => [item, clock.now])),
    fakeEnvironment(clock),
  );
  return { clock, shown, hold };
}

test('a message is shown when the picture has reached its moment', async () => {
  const { clock, shown, hold } = make(400);
  await clock.advance(1_000);
  hold.add('then', 500_000);
  hold.add('now', 1_000_000);
  hold.add('unknown', null);
  assert.deepEqual(shown, [['then', 1_000]]);
  await clock.advance(399);
  assert.equal(shown.length, 1);
  await clock.advance(1);
  assert.deepEqual(shown.slice(1), [
    ['now', 1_400],
    ['unknown', 1_400],
  ]);
  assert.equal(clock.timers, 0);
});

test('no message waits longer than a second and a half', async () => {
  const { clock, shown, hold } = make(5_000);
  await clock.advance(6_000);
  hold.add('late', 6_000_000);
  await clock.advance(1_499);
  assert.deepEqual(shown, []);
  await clock.advance(1);
  assert.deepEqual(shown, [['late', 7_500]]);
});

test('a picture of unknown time holds nothing, and closing leaves no timer', async () => {
  const { clock, shown, hold } = make(NaN);
  hold.add('now', 1_000_000);
  assert.deepEqual(shown, [['now', 0]]);
  const other = make(1_000);
  other.hold.add('later', 1_000_000);
  other.hold.close();
  await other.clock.advance(3_000);
  assert.deepEqual([other.shown, other.clock.timers, clock.timers], [[], 0, 0]);
});

test('a removed message that is still held is never shown', async () => {
  const { clock, shown, hold } = make(400);
  await clock.advance(1_000);
  hold.add('rude', 1_000_000);
  hold.add('kind', 1_000_000);
  hold.drop((item) => item === 'rude');
  await clock.advance(400);
  assert.deepEqual(shown, [['kind', 1_400]]);
});
