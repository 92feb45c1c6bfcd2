import assert from 'node:assert/strict';
import test from 'node:test';
import { KIND, TRACK, parseRecords, readInit } from '../../../../web/js/watch/line/record.js';
import { message, record } from '../../fixtures/records.mjs';

test('a message holds several records with signed 64-bit times', () => {
  const first = record({
    mediaTime: -1_500_000n,
    publishTime: 1_795_400_000_000_001n,
    body: [1, 2, 3],
  });
  const second = record({
    kind: KIND.INIT,
    track: TRACK.AUDIO,
    body: [4, ...Buffer.from('opus'), 9, 8],
  });
  const [video, audio] = parseRecords(message(first, second));
  assert.equal(video.mediaTime, -1_500_000);
  assert.equal(video.publishTime, 1_795_400_000_000_001);
  assert.deepEqual([...video.body], [1, 2, 3]);
  assert.deepEqual(readInit(audio.body), { codec: 'opus', segment: new Uint8Array([9, 8]) });
});

test('a record cut short, or of another version, is refused', () => {
  const whole = record({ body: [1, 2, 3] });
  assert.throws(() => parseRecords(whole.slice(0, -1).buffer), RangeError);
  whole[0] = 2;
  assert.throws(() => parseRecords(whole.buffer), RangeError);
});
