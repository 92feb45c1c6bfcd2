import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptureClock } from '../../web/js/watch/whep/capture_clock.js';
import { ReceiverStats } from '../../web/js/watch/whep/receiver_stats.js';

const record = (mediaTime, flags = 0) => ({ mediaTime, captureTime: mediaTime + 500, publishTime: mediaTime + 700, flags });

test('a frame is of the moment that its timestamp says, across the wrap of 32 bits too', () => {
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

test('figures are of the time between two looks', () => {
  const stats = new ReceiverStats();
  const video = (values) => ({ type: 'inbound-rtp', kind: 'video', ...values });
  const first = { bytesReceived: 1_000, jitterBufferDelay: 3, jitterBufferTargetDelay: 6, jitterBufferEmittedCount: 30, framesDecoded: 31, freezeCount: 1 };
  stats.update([{ type: 'transport', bytesReceived: 9e9 }, video(first), { type: 'inbound-rtp', kind: 'audio', bytesReceived: 500 }], 1_000);
  assert.equal(stats.latest.bitrate, 0);
  const second = { bytesReceived: 100_000, jitterBufferDelay: 4.5, jitterBufferTargetDelay: 6.3, jitterBufferEmittedCount: 60, framesDecoded: 61, freezeCount: 1 };
  stats.update([video(second), { type: 'inbound-rtp', kind: 'audio', bytesReceived: 1_500 }], 2_000);
  assert.equal(stats.latest.bitrate, 800_000);
  assert.equal(Math.round(stats.latest.buffer), 50);
  assert.equal(Math.round(stats.latest.target), 10);
  assert.equal(stats.latest.frames, 61);
  stats.update([], 2_000);
  assert.equal(stats.latest.frames, 0);
});
