// Taps: the first at once, then one notice each half second.
import assert from 'node:assert/strict';
import test from 'node:test';
import { TapBatch } from '../../../web/js/hearts/tap_batch.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';

function make(mediaTime = (clock) => clock.now * 1_000) {
  const clock = new FakeClock();
  const sent = [];
  const batch = new TapBatch(
    (notice) => sent.push([clock.now, notice.media_time, notice.counts]),
    () => mediaTime(clock),
    fakeEnvironment(clock),
  );
  return { clock, sent, batch };
}

test('the first tap goes at once, and a single tap sends nothing more', async () => {
  const { clock, sent, batch } = make();
  await clock.advance(100);
  batch.tap('heart');
  assert.deepEqual(sent, [[100, 100_000, { heart: [1] }]]);
  await clock.advance(2_000);
  assert.deepEqual([sent.length, clock.timers], [1, 0]);
});

test('further taps are counted per tenth of a second, and stamped with their beginning', async () => {
  const { clock, sent, batch } = make();
  batch.tap('heart');
  await clock.advance(50);
  batch.tap('heart');
  await clock.advance(200);
  batch.tap('fire');
  batch.tap('heart');
  await clock.advance(249);
  assert.equal(sent.length, 1);
  await clock.advance(1);
  assert.deepEqual(sent[1], [500, 0, { heart: [1, 0, 1, 0, 0], fire: [0, 0, 1, 0, 0] }]);
});

test('a series of taps sends two notices a second', async () => {
  const { clock, sent, batch } = make();
  for (let n = 0; n < 100; n++) {
    batch.tap('heart');
    await clock.advance(30);
  }
  await clock.advance(1_000);
  assert.deepEqual(
    sent.map(([at]) => at),
    [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000],
  );
  const sum = sent.flatMap(([, , { heart }]) => heart).reduce((a, b) => a + b, 0);
  assert.equal(sum, 100);
});

test('an unknown media time is said to be unknown', () => {
  const { sent, batch } = make(() => NaN);
  batch.tap('heart');
  assert.equal(sent[0][1], -1);
  batch.close();
});
