// The health light.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { Health, findingText, judge } from '../../../web/js/publish/health.js';

const well = {
  live: true,
  cameraLost: false,
  paused: false,
  sample: {
    bitrate: 2e6,
    estimate: 2.5e6,
    fps: 30,
    width: 1280,
    height: 720,
    roundTrip: 40,
    loss: 0,
    limited: 'none',
    relayed: false,
  },
  ingest: {
    bitrate: 2e6,
    fps: 30,
    gap: 40,
    repaired: 0,
    lost: 0,
    keyframe_age: 900,
    round_trip: 40,
    missing: [],
  },
  audience: {
    watching: 3,
    reporting: 3,
    playing: 3,
    behind_lens: { p50: 150, p95: 200 },
    first_picture: null,
    players: { mse: 3 },
  },
};
/** The situation above with one change. */
const but = (part, change) => ({
  ...well,
  [part]: typeof change === 'object' ? { ...well[part], ...change } : change,
});

test('browser, server and viewers can each make the light weak or bad, with a reason', () => {
  assert.deepEqual(judge(well), { light: 'good', why: '' });
  const cases = [
    ['bad', but('live', false)],
    ['bad', but('cameraLost', true)],
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

test('what the server misses is shown with its cause', () => {
  const missing = (what, code, requests = 0) => [{ what, code, requests, text: 'in English' }];
  const found = (list) => {
    const { ingest, ...situation } = but('ingest', { missing: list });
    const { light, why } = judge({ ...situation, ingest });
    return [light, findingText(why, ingest)];
  };
  const [light, text] = found(missing('picture', 'no_keyframe', 13));
  assert.equal(light, 'bad');
  assert.match(text, /No keyframe after 13 requests: set/);
  assert.deepEqual(found(missing('picture', 'new_cause')), ['bad', 'in English']);
  assert.deepEqual(found(missing('sound', 'no_sound')), [
    'weak',
    'No sound arrives: switch on the microphone',
  ]);
  assert.deepEqual(found([]), ['good', '']);
  const hidden = { ...but('ingest', { missing: missing('picture', 'no_video') }), paused: true };
  assert.equal(judge(hidden).light, 'good');
});

test('unknown figures count as good, and so do black frames of a hidden camera', () => {
  assert.equal(judge({ ...well, sample: null, ingest: null, audience: null }).light, 'good');
  assert.equal(judge(but('sample', { roundTrip: NaN, loss: NaN, estimate: 0 })).light, 'good');
  assert.equal(judge({ ...but('sample', { fps: 1 }), paused: true }).light, 'good');
  assert.equal(judge(but('audience', { watching: 5, reporting: 0, playing: 0 })).light, 'good');
});

test('the light changes after several bad seconds, but at once when the connection is lost', () => {
  const health = new Health();
  const lights = (...situations) => situations.map((each) => health.add(each).light);
  const lossy = but('sample', { loss: 0.2 });
  assert.deepEqual(lights(lossy, lossy, well, lossy, lossy, lossy), [
    'good',
    'good',
    'good',
    'good',
    'good',
    'bad',
  ]);
  assert.deepEqual(lights(well, well, well, well), ['bad', 'bad', 'bad', 'good']);
  assert.deepEqual(lights(but('live', false)), ['bad']);
});
