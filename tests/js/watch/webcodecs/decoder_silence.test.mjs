import assert from 'node:assert/strict';
import test from 'node:test';
import { DecoderSilence } from '../../../../web/js/watch/webcodecs/decoder_silence.js';

/** The longest silence, if an input comes at each of these times. */
const longest = (silence, times) => Math.max(...times.map((now) => silence.input(now)));
const every = (ms, count, from = 0) => Array.from({ length: count }, (_, n) => from + n * ms);

test('a decoder that gives nothing is silent until it gives something', () => {
  const silence = new DecoderSilence();
  assert.equal(longest(silence, every(33, 100)), 99 * 33);
  silence.end();
  assert.equal(longest(silence, every(33, 100, 3_300)), 100 * 33);
});

test('time in which the thread stood still does not count', () => {
  const silence = new DecoderSilence();
  longest(silence, every(33, 10));
  const after = longest(silence, every(0, 300, 10_000));
  assert.ok(after < 600, `${after}`);
});
