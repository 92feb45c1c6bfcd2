// The figures of a live in words.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { audienceLine, figures, sentLine } from '../../../web/js/studio/health_figures.js';

const audience = {
  watching: 12,
  reporting: 12,
  playing: 11,
  stalled: 1,
  behind_lens: { p50: 161, p95: 240 },
  first_picture: { p50: 118, p95: 118 },
  players: { mse: 3, webcodecs: 8, odd: 1 },
};
const sample = {
  bitrate: 1.98e6,
  estimate: 2.5e6,
  fps: 29.9,
  width: 1280,
  height: 720,
  roundTrip: 38.4,
  loss: 0.012,
  limited: 'none',
  relayed: true,
};
const ingest = {
  bitrate: 640_000,
  fps: 29.9,
  gap: 2_100,
  repaired: 3,
  lost: 0,
  keyframe_age: 1_210,
  missing: [],
  round_trip: 38,
};
const value = (rows, name) => rows.find(([each]) => each === name)[1];

test('the audience in one line', () => {
  const line = (change) => audienceLine({ ...audience, ...change });
  assert.equal(audienceLine(null), 'No viewers yet');
  assert.equal(line({ watching: 0 }), 'No viewers yet');
  assert.equal(line({ watching: 1_200, reporting: 0 }), '1.2K watching');
  assert.equal(line({ reporting: 1, playing: 1 }), 'Your viewer sees you · 161 ms behind');
  assert.equal(
    line({ reporting: 1, playing: 0, behind_lens: null }),
    'The video has stopped for your viewer',
  );
  assert.equal(line({}), '11 of 12 viewers see you · 161 ms behind');
  assert.equal(line({ playing: 12 }), 'All 12 viewers see you · 161 ms behind');
});

test('what is sent in one line, once there is video', () => {
  assert.equal(sentLine(sample), '720p · 30 fps · 2.0 Mbps');
  assert.equal(sentLine({ ...sample, width: 0 }), '');
  assert.equal(sentLine(null), '');
});

test('all figures, with their units', () => {
  const { seen, sent, received } = figures({
    live: true,
    cameraLost: false,
    paused: false,
    sample,
    ingest,
    audience,
  });
  assert.equal(value(seen, 'Playing'), '11 of 12');
  assert.equal(value(seen, 'Delay'), '161 ms, slowest 240 ms');
  assert.equal(value(seen, 'Start-up time'), '118 ms');
  assert.equal(value(seen, 'Players'), 'WebCodecs 8, MSE 3, other 1');
  assert.equal(value(sent, 'Packets lost'), '1.2 %');
  assert.equal(value(sent, 'Connection'), 'through a TURN server');
  assert.equal(value(received, 'Bitrate'), '0.64 Mbps');
  assert.equal(value(received, 'Longest gap'), '2.1 s');
  assert.equal(value(received, 'Last keyframe'), '1.2 s ago');
});

test('what is not known is a dash', () => {
  const nothing = figures({
    live: true,
    cameraLost: false,
    paused: false,
    sample: null,
    ingest: null,
    audience: null,
  });
  for (const [name, text] of Object.values(nothing).flat()) assert.equal(text, '–', name);
  const unmeasured = { ...sample, width: 0, estimate: 0, loss: NaN, roundTrip: NaN };
  const { sent } = figures({
    live: true,
    cameraLost: false,
    paused: false,
    sample: unmeasured,
    ingest: null,
    audience: null,
  });
  for (const name of ['Video', 'Network capacity', 'Packets lost', 'Round trip'])
    assert.equal(value(sent, name), '–', name);
});
