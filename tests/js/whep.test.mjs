import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptureClock } from '../../web/js/watch/whep/capture_clock.js';
import { LipSync } from '../../web/js/watch/whep/lip_sync.js';
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
  assert.ok(Number.isNaN(stats.latest.lead));
  const playing = (kind, at, values = {}) => ({ type: 'inbound-rtp', kind, estimatedPlayoutTimestamp: at, ...values });
  const sound = { jitterBufferTargetDelay: 960, jitterBufferEmittedCount: 48_000 };
  stats.update([playing('audio', 5_030, sound), playing('video', 5_000)], 3_000);
  assert.equal(stats.latest.lead, 30);
  assert.equal(stats.latest.soundTarget, 20);
});

test('what is early is held back, once in a while, and let go before the other is held back', () => {
  const sync = new LipSync();
  const [waits, targets] = [{ audio: 35, video: 50 }, { audio: 20, video: 60 }];
  assert.equal(sync.update(0, 30, waits, targets), null);
  assert.equal(sync.update(1_000, -300, waits, targets), null, 'a single reading proves nothing');
  assert.deepEqual(sync.update(2_000, 28, waits, targets), { audio: 42, video: 0 });
  assert.equal(sync.update(3_000, 28, waits, targets), null, 'it takes a while to come through');
  for (const now of [6_000, 7_000]) assert.equal(sync.update(now, -26, waits, targets), null);
  assert.deepEqual(sync.update(8_000, -26, waits, targets), { audio: 22, video: 0 });
  for (const now of [12_000, 13_000]) sync.update(now, -46, waits, targets);
  assert.deepEqual(sync.update(14_000, -46, waits, targets), { audio: 0, video: 0 });
  for (const now of [18_000, 19_000]) sync.update(now, -46, waits, targets);
  assert.deepEqual(sync.update(20_000, -46, waits, targets), { audio: 0, video: 100 });
});

test('sound that came in a heap is left to the browser, which brings it back', () => {
  const sync = new LipSync();
  const targets = { audio: 60, video: 76 };
  for (let now = 0; now < 8_000; now += 1_000) assert.equal(sync.update(now, -335, { audio: 400 - now / 25, video: 64 }, targets), null);
  for (const now of [8_000, 9_000]) assert.equal(sync.update(now, -25, { audio: 80, video: 64 }, targets), null);
  assert.deepEqual(sync.update(10_000, -25, { audio: 75, video: 64 }, targets), { audio: 0, video: 95 });
  const late = { audio: 20, video: 300 };
  for (let now = 15_000; now < 20_000; now += 1_000) assert.equal(sync.update(now, 200, late, targets), null);
});

test('where nobody hears the sound the picture is let go of, at once and once', () => {
  const sync = new LipSync();
  assert.equal(sync.release(), null);
  for (const now of [0, 1_000]) sync.update(now, -40, { audio: 20, video: 60 }, { audio: 20, video: 60 });
  assert.deepEqual(sync.update(2_000, -40, { audio: 20, video: 60 }, { audio: 20, video: 60 }), { audio: 0, video: 94 });
  assert.deepEqual(sync.release(), { audio: 0, video: 0 });
  assert.equal(sync.release(), null);
});

test('what nobody could notice is left as it is, and so is what is not known', () => {
  const sync = new LipSync();
  for (let now = 0; now < 60_000; now += 1_000) assert.equal(sync.update(now, now % 2_000 ? 15 : NaN, { audio: 20, video: 20 }, { audio: 20, video: 20 }), null);
});
