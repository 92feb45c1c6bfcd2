import assert from 'node:assert/strict';
import test from 'node:test';
import { readAudio, readSamples, readVideo } from '../../../../web/js/watch/webcodecs/fragment.js';
import { AVC1, box, fragment, initSegment, nothing } from '../../fixtures/fragment.mjs';

test('a fragment gives its samples and their times', () => {
  const body = fragment([
    { duration: 960, data: [1, 2, 3] },
    { duration: 960, data: [4] },
  ]);
  // In a message it does not begin at zero.
  const shifted = new Uint8Array(body.length + 7);
  shifted.set(body, 7);
  const samples = readSamples(shifted.subarray(7), 48_000);
  assert.deepEqual(
    samples.map(({ data, offset, duration }) => [[...data], offset, duration]),
    [
      [[1, 2, 3], 0, 20_000],
      [[4], 20_000, 20_000],
    ],
  );
});

test('a fragment that is cut short is refused', () => {
  const body = fragment([{ duration: 960, data: [1, 2, 3] }]);
  assert.throws(() => readSamples(body.subarray(0, -1), 48_000), RangeError);
  for (let length = 0; length < body.length; length++)
    assert.throws(() => readSamples(body.slice(0, length), 48_000), RangeError);
});

test('an init segment gives the parameters of the decoder', () => {
  const { description, width, height } = readVideo(initSegment(AVC1));
  assert.deepEqual([[...description], width, height], [[1, 66, 192, 31], 720, 1280]);
  assert.deepEqual(
    readAudio(initSegment(box('Opus', nothing(16), [0, 2], nothing(10), box('dOps', nothing(11))))),
    { channels: 2 },
  );
  assert.throws(() => readVideo(initSegment(box('hvc1', nothing(78)))), RangeError);
});
