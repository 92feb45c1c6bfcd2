// What the creator is told, and what viewers tell. Run: node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { Health, judge } from '../../../web/js/publish/health.js';
import { SenderStats, SignsOfLife, pick } from '../../../web/js/publish/sender_stats.js';
import { Beacon } from '../../../web/js/watch/line/beacon.js';

const well = {
  live: true,
  dark: false,
  paused: false,
  sample: { bitrate: 2e6, estimate: 2.5e6, fps: 30, width: 1280, height: 720, roundTrip: 40, loss: 0, limited: 'none', relayed: false },
  ingest: { bitrate: 2e6, fps: 30, gap: 40, repaired: 0, lost: 0, keyframe_age: 900, round_trip: 40 },
  audience: { watching: 3, reporting: 3, playing: 3, behind_lens: { p50: 150, p95: 200 }, first_picture: null, players: { mse: 3 } },
};
const but = (part, change) => ({ ...well, [part]: typeof change === 'object' ? { ...well[part], ...change } : change });

test('each end can make the light weak or bad, and says why', () => {
  assert.deepEqual(judge(well), { light: 'good', why: '' });
  const cases = [
    ['bad', but('live', false)],
    ['bad', but('dark', true)],
    ['bad', but('sample', { loss: 0.2 })],
    ['bad', but('sample', { roundTrip: 900 })],
    ['bad', but('sample', { fps: 3 })],
    ['bad', but('ingest', { gap: 2_000 })],
    ['bad', but('audience', { playing: 1 })],
    ['weak', but('sample', { limited: 'cpu' })],
    ['weak', but('sample', { estimate: 400_000 })],
    ['weak', but('sample', { loss: 0.05 })],
    ['weak', but('ingest', { gap: 700 })],
    ['weak', but('audience', { reporting: 10, playing: 7 })],
  ];
  for (const [light, situation] of cases) {
    const found = judge(situation);
    assert.equal(found.light, light, found.why);
    assert.ok(found.why.length > 5);
  }
});

test('what is not known is not held against anybody; black pictures are meant when the camera is hidden', () => {
  assert.equal(judge({ ...well, sample: null, ingest: null, audience: null }).light, 'good');
  assert.equal(judge(but('sample', { roundTrip: NaN, loss: NaN, estimate: 0 })).light, 'good');
  assert.equal(judge({ ...but('sample', { fps: 1 }), paused: true }).light, 'good');
  assert.equal(judge(but('audience', { watching: 5, reporting: 0, playing: 0 })).light, 'good');
});

test('the light is steady: one bad second is no news, and a lost connection shows at once', () => {
  const health = new Health();
  const lights = (...situations) => situations.map((each) => health.add(each).light);
  const lossy = but('sample', { loss: 0.2 });
  assert.deepEqual(lights(lossy, lossy, well, lossy, lossy, lossy), ['good', 'good', 'good', 'good', 'good', 'bad']);
  assert.deepEqual(lights(well, well, well, well), ['bad', 'bad', 'bad', 'good']);
  assert.deepEqual(lights(but('live', false)), ['bad']);
});

const report = (...entries) => new Map(entries.map((entry, n) => [n, entry]));

test('figures of a sender: bytes of all tracks, and what the server told', () => {
  const stats = new SenderStats();
  const at = (bytes) =>
    pick(
      report(
        { type: 'outbound-rtp', kind: 'video', bytesSent: bytes, framesPerSecond: 30, frameWidth: 640, frameHeight: 360, qualityLimitationReason: 'bandwidth' },
        { type: 'outbound-rtp', kind: 'audio', bytesSent: 1_000 },
        { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.25 },
        { type: 'candidate-pair', nominated: true, bytesReceived: 9, availableOutgoingBitrate: 700_000, currentRoundTripTime: 0.05, localCandidateId: 'a' },
        { type: 'candidate-pair', nominated: false, bytesReceived: 7 },
        { type: 'local-candidate', id: 'a', candidateType: 'relay' },
      ),
    );
  assert.equal(stats.sample(at(0), 0).bitrate, 0);
  const sample = stats.sample(at(125_000), 1_000);
  assert.deepEqual(sample, { bitrate: 1e6, estimate: 700_000, fps: 30, width: 640, height: 360, roundTrip: 50, loss: 0.25, limited: 'bandwidth', relayed: true });
  assert.equal(new SenderStats().sample(pick(report()), 5).bitrate, 0);
});

test('signs of life: silence and a frozen camera are counted from the last change; what a browser does not tell is never dead', () => {
  const signs = new SignsOfLife(0);
  const look = (now, bytesReceived, frames) =>
    signs.look(pick(report({ type: 'candidate-pair', nominated: true, bytesReceived }, { type: 'media-source', kind: 'video', frames })), now);
  assert.deepEqual(look(500, 10, 5), { silent: 0, frozen: 0 });
  assert.deepEqual(look(2_000, 10, 6), { silent: 1_500, frozen: 0 });
  assert.deepEqual(look(2_500, 11, 6), { silent: 0, frozen: 500 });
  signs.newTrack(2_500);
  assert.equal(look(3_000, 12, 6).frozen < 0, true);
  assert.equal(look(6_000, 13, 6).frozen > 1_000, true);
  assert.deepEqual(look(9_000, undefined, undefined), { silent: 0, frozen: 0 });
  assert.deepEqual(look(19_000, undefined, undefined), { silent: 0, frozen: 0 });
});

test('a viewer plays when pictures came since its last report, whichever player shows them', () => {
  const beacon = new Beacon();
  const stats = { frames: 30, behindLens: 150.4, stalls: 1, firstPicture: 99.6 };
  assert.deepEqual(beacon.read('mse', undefined), { player: 'mse', playing: false, stalls: 0 });
  assert.deepEqual(beacon.read('mse', stats), { player: 'mse', playing: true, stalls: 1, behind_lens: 150, first_picture: 100 });
  assert.equal(beacon.read('mse', stats).playing, false);
  assert.equal(beacon.read('webcodecs', { ...stats, frames: 3, behindLens: NaN }).playing, true);
  assert.equal('behind_lens' in beacon.read('webcodecs', { ...stats, behindLens: NaN }), false);
});
