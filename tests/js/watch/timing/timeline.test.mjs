import assert from 'node:assert/strict';
import test from 'node:test';
import { FLAG, TRACK } from '../../../../web/js/watch/line/record.js';
import { Timeline } from '../../../../web/js/watch/timing/timeline.js';

const sample = (track, mediaTime, flags = 0) => ({
  kind: 1,
  slot: 0,
  track,
  flags,
  epoch: 1,
  sequence: 0,
  mediaTime,
  captureTime: mediaTime,
  publishTime: mediaTime,
  body: new Uint8Array(),
});

test('the timeline begins near zero with a keyframe and accepts nothing twice', () => {
  const hours = 5 * 3_600_000_000;
  const timeline = new Timeline();
  assert.equal(timeline.accept(sample(TRACK.AUDIO, hours), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours + 33_000, FLAG.KEY), 0, true), true);
  assert.equal(timeline.first, 10);
  assert.equal(timeline.toMedia(timeline.first), (hours + 33_000) / 1_000);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours + 33_000, FLAG.KEY), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.AUDIO, hours + 20_000), 0, true), true);
  assert.equal(timeline.newest, 10);
});
