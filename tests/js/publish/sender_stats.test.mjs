// Figures from getStats reports.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Liveness, SenderStats, pick } from '../../../web/js/publish/sender_stats.js';

const report = (...entries) => new Map(entries.map((entry, n) => [n, entry]));

test('figures of a sender: bytes of all tracks, and what the server reported', () => {
  const stats = new SenderStats();
  const at = (bytes) =>
    pick(
      report(
        {
          type: 'outbound-rtp',
          kind: 'video',
          bytesSent: bytes,
          framesPerSecond: 30,
          frameWidth: 640,
          frameHeight: 360,
          qualityLimitationReason: 'bandwidth',
        },
        { type: 'outbound-rtp', kind: 'audio', bytesSent: 1_000 },
        { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.25 },
        {
          type: 'candidate-pair',
          nominated: true,
          bytesReceived: 9,
          availableOutgoingBitrate: 700_000,
          currentRoundTripTime: 0.05,
          localCandidateId: 'a',
        },
        { type: 'candidate-pair', nominated: false, bytesReceived: 7 },
        { type: 'local-candidate', id: 'a', candidateType: 'relay' },
      ),
    );
  assert.equal(stats.sample(at(0), 0).bitrate, 0);
  const sample = stats.sample(at(125_000), 1_000);
  assert.deepEqual(sample, {
    bitrate: 1e6,
    estimate: 700_000,
    fps: 30,
    width: 640,
    height: 360,
    roundTrip: 50,
    loss: 0.25,
    limited: 'bandwidth',
    relayed: true,
  });
  assert.equal(new SenderStats().sample(pick(report()), 5).bitrate, 0);
});

test('silence and freezes count from the last change; unmeasured values never count', () => {
  const liveness = new Liveness(0);
  const read = (now, bytesReceived, frames) =>
    liveness.read(
      pick(
        report(
          { type: 'candidate-pair', nominated: true, bytesReceived },
          { type: 'media-source', kind: 'video', frames },
        ),
      ),
      now,
    );
  assert.deepEqual(read(500, 10, 5), { silent: 0, frozen: 0 });
  assert.deepEqual(read(2_000, 10, 6), { silent: 1_500, frozen: 0 });
  assert.deepEqual(read(2_500, 11, 6), { silent: 0, frozen: 500 });
  liveness.newTrack(2_500);
  assert.equal(read(3_000, 12, 6).frozen < 0, true);
  assert.equal(read(6_000, 13, 6).frozen > 1_000, true);
  assert.deepEqual(read(9_000, undefined, undefined), { silent: 0, frozen: 0 });
  assert.deepEqual(read(19_000, undefined, undefined), { silent: 0, frozen: 0 });
});
