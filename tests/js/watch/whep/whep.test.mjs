import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptureClock } from '../../../../web/js/watch/whep/capture_clock.js';
import { LeadMeter } from '../../../../web/js/watch/whep/lead_meter.js';
import { LipSync } from '../../../../web/js/watch/whep/lip_sync.js';
import { ReceiverStats } from '../../../../web/js/watch/whep/receiver_stats.js';

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
  const sound = { jitterBufferDelay: 1_440, jitterBufferTargetDelay: 960, jitterBufferEmittedCount: 48_000, totalSamplesDuration: 1, concealmentEvents: 3, jitter: 0.002 };
  stats.update([{ type: 'inbound-rtp', kind: 'audio', ...sound }], 3_000);
  assert.deepEqual(stats.latest.sound, { played: 1_000, dry: 3, buffer: 30, target: 20, jitter: 2 });
});

test('sound and picture of one moment are as far from the picture that was told of last', () => {
  const clock = new CaptureClock();
  assert.ok(Number.isNaN(clock.since(1, 48_000)));
  const media = 89_478_484_000; // shortly before the wrap at 48 kHz
  clock.add(record(media));
  for (const later of [-300_000, 0, 500_000]) {
    for (const rate of [48_000, 90_000]) assert.ok(Math.abs(clock.since(Math.round(((media + later) * rate) / 1e6) % 2 ** 32, rate) - later) < 25);
  }
});

test('a lead is what pictures and sound of a second have on average, and of nothing there is none', () => {
  const meter = new LeadMeter();
  assert.ok(Number.isNaN(meter.take()));
  for (const picture of [140, 150, 160]) meter.add(picture, 170);
  meter.add(NaN, 170);
  assert.equal(meter.take(), -20);
  assert.ok(Number.isNaN(meter.take()));
});

/** The last of three readings a second apart, the first at `now`. */
const thrice = (sync, now, ...args) => [0, 1_000, 2_000].map((later) => sync.update(now + later, ...args)).at(-1);

test('what is early is held back, once in a while, and let go before the other is held back', () => {
  const sync = new LipSync();
  const [waits, targets] = [{ audio: 35, video: 10 }, { audio: 20, video: 11 }];
  assert.equal(sync.update(0, -60, waits, targets), null);
  assert.equal(sync.update(1_000, 300, waits, targets), null, 'a single reading proves nothing');
  assert.deepEqual(sync.update(2_000, -60, waits, targets), { audio: 0, video: 63 }, 'by 42 more than the 10 + 11 that it has');
  assert.equal(sync.update(3_000, -60, waits, targets), null, 'it takes a while to come through');
  assert.deepEqual(thrice(sync, 6_000, 10, waits, targets), { audio: 0, video: 35 });
  assert.deepEqual(thrice(sync, 12_000, 40, waits, targets), { audio: 0, video: 0 });
  assert.deepEqual(thrice(sync, 18_000, 40, waits, targets), { audio: 78, video: 0 });
  assert.deepEqual(thrice(sync, 24_000, -50, waits, targets), { audio: 46, video: 0 });
});

test('sound that came in a heap is left to the browser, which brings it back', () => {
  const sync = new LipSync();
  const targets = { audio: 60, video: 76 };
  for (let now = 0; now < 8_000; now += 1_000) assert.equal(sync.update(now, -335, { audio: 400 - now / 25, video: 64 }, targets), null);
  assert.deepEqual(thrice(sync, 8_000, -40, { audio: 80, video: 64 }, targets), { audio: 0, video: 108 });
  const late = { audio: 20, video: 300 };
  for (let now = 15_000; now < 20_000; now += 1_000) assert.equal(sync.update(now, 200, late, targets), null);
});

test('where nobody hears the sound the picture is let go of, at once and once', () => {
  const sync = new LipSync();
  assert.equal(sync.release(), null);
  assert.deepEqual(thrice(sync, 0, -40, { audio: 20, video: 60 }, { audio: 20, video: 60 }), { audio: 0, video: 92 });
  assert.deepEqual(sync.release(), { audio: 0, video: 0 });
  assert.equal(sync.release(), null);
});

test('what nobody could notice is left as it is, and so is what is not known', () => {
  const sync = new LipSync();
  const leads = [-27, NaN, 7, -20];
  for (let second = 0; second < 60; second++) {
    assert.equal(sync.update(second * 1_000, leads[second >> 2 & 3], { audio: 20, video: 20 }, { audio: 20, video: 20 }), null);
  }
});
