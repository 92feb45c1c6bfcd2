import assert from 'node:assert/strict';
import test from 'node:test';
import { CaptureClock } from '../../../../web/js/watch/whep/capture_clock.js';

const record = (mediaTime, flags = 0) => ({
  mediaTime,
  captureTime: mediaTime + 500,
  publishTime: mediaTime + 700,
  flags,
});

test('an RTP timestamp gives the capture time, also across the 32-bit wrap', () => {
  const clock = new CaptureClock();
  assert.ok(Number.isNaN(clock.of(1).capture));
  clock.add(record(47_721_858_000)); // some ticks before 2^32
  for (const later of [0, 1_000_000, 40_000_000, -2_000_000]) {
    const rtp = Math.round((47_721_858_000 + later) * 0.09) % 2 ** 32;
    const { capture, publish } = clock.of(rtp);
    assert.ok(Math.abs(capture - (47_721_858_500 + later)) < 12);
    assert.ok(Math.abs(publish - (47_721_858_700 + later)) < 12);
  }
  assert.equal(clock.estimated, false);
  clock.add(record(1, 8));
  assert.equal(clock.estimated, true);
});

test('audio and video of one moment have the same distance from the last record', () => {
  const clock = new CaptureClock();
  assert.ok(Number.isNaN(clock.since(1, 48_000)));
  const media = 89_478_484_000; // shortly before the wrap at 48 kHz
  clock.add(record(media));
  for (const later of [-300_000, 0, 500_000]) {
    for (const rate of [48_000, 90_000])
      assert.ok(
        Math.abs(clock.since(Math.round(((media + later) * rate) / 1e6) % 2 ** 32, rate) - later) <
          25,
      );
  }
});
