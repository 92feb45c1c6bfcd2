import assert from 'node:assert/strict';
import test from 'node:test';
import { readAudio, readSamples, readVideo } from '../../../../web/js/watch/webcodecs/fragment.js';

const u32 = (...values) =>
  values.flatMap((value) => [
    (value >>> 24) & 255,
    (value >>> 16) & 255,
    (value >>> 8) & 255,
    value & 255,
  ]);

const box = (kind, ...parts) => {
  const body = parts.flat();
  return [...u32(8 + body.length), ...Buffer.from(kind), ...body];
};

const nothing = (count) => Array(count).fill(0);

/**
 * A fragment as relay/media/bmff.py writes it: size, duration, flags and composition offset of each
 * sample.
 */
function fragment(samples) {
  const rows = samples.flatMap(({ duration, data }) => u32(duration, data.length, 0, 0));
  const make = (offset) =>
    box(
      'moof',
      box('mfhd', u32(0, 1)),
      box(
        'traf',
        box('tfhd', u32(0x020000, 1)),
        box('tfdt', u32(0x01000000, 0, 0)),
        box('trun', u32(0x01000f01, samples.length, offset), rows),
      ),
    );
  const head = make(0).length + 8;
  return Uint8Array.from([
    ...make(head),
    ...box(
      'mdat',
      samples.flatMap(({ data }) => data),
    ),
  ]);
}

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
  const stsd = (entry) =>
    Uint8Array.from(
      box(
        'moov',
        box('trak', box('mdia', box('minf', box('stbl', box('stsd', u32(0, 1), entry))))),
      ),
    );
  const avc1 = box('avc1', nothing(24), [2, 208, 5, 0], nothing(50), box('avcC', [1, 66, 192, 31]));
  const { description, width, height } = readVideo(stsd(avc1));
  assert.deepEqual([[...description], width, height], [[1, 66, 192, 31], 720, 1280]);
  assert.deepEqual(
    readAudio(stsd(box('Opus', nothing(16), [0, 2], nothing(10), box('dOps', nothing(11))))),
    { channels: 2 },
  );
  assert.throws(() => readVideo(stsd(box('hvc1', nothing(78)))), RangeError);
});
