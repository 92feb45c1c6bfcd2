import assert from 'node:assert/strict';
import test from 'node:test';
import { ReceiverStats } from '../../../../web/js/watch/whep/receiver_stats.js';

test('figures cover the time between two updates', () => {
  const stats = new ReceiverStats();
  const video = (values) => ({ type: 'inbound-rtp', kind: 'video', ...values });
  const first = {
    bytesReceived: 1_000,
    jitterBufferDelay: 3,
    jitterBufferTargetDelay: 6,
    jitterBufferEmittedCount: 30,
    framesDecoded: 31,
    freezeCount: 1,
  };
  stats.update(
    [
      { type: 'transport', bytesReceived: 9e9 },
      video(first),
      { type: 'inbound-rtp', kind: 'audio', bytesReceived: 500 },
    ],
    1_000,
  );
  assert.equal(stats.latest.bitrate, 0);
  const second = {
    bytesReceived: 100_000,
    jitterBufferDelay: 4.5,
    jitterBufferTargetDelay: 6.3,
    jitterBufferEmittedCount: 60,
    framesDecoded: 61,
    freezeCount: 1,
  };
  stats.update(
    [video(second), { type: 'inbound-rtp', kind: 'audio', bytesReceived: 1_500 }],
    2_000,
  );
  assert.equal(stats.latest.bitrate, 800_000);
  assert.equal(Math.round(stats.latest.buffer), 50);
  assert.equal(Math.round(stats.latest.target), 10);
  assert.equal(stats.latest.frames, 61);
  stats.update([], 2_000);
  assert.equal(stats.latest.frames, 0);
  const sound = {
    jitterBufferDelay: 1_440,
    jitterBufferTargetDelay: 960,
    jitterBufferEmittedCount: 48_000,
    totalSamplesDuration: 1,
    concealmentEvents: 3,
    jitter: 0.002,
  };
  stats.update([{ type: 'inbound-rtp', kind: 'audio', ...sound }], 3_000);
  assert.deepEqual(stats.latest.sound, {
    played: 1_000,
    dry: 3,
    buffer: 30,
    target: 20,
    jitter: 2,
  });
});
