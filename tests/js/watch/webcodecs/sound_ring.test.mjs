import assert from 'node:assert/strict';
import test from 'node:test';
import { SoundRing } from '../../../../web/js/watch/webcodecs/sound_ring.js';

const nothing = (count) => Array(count).fill(0);

const tone = (from, count) =>
  Float32Array.from({ length: count }, (_, n) => Math.sin((from + n) * 0.05));

const read = (ring, count) => {
  const out = [new Float32Array(count), new Float32Array(count)];
  ring.read(out);
  return out;
};

const steepest = (samples) =>
  samples.slice(1).reduce((most, value, n) => Math.max(most, Math.abs(value - samples[n])), 0);

test('samples are read where and as they were written', () => {
  const ring = new SoundRing(2, 48_000);
  ring.write(10_000, [tone(10_000, 4_800)]);
  ring.jump(10_000);
  const [left, right] = read(ring, 1_024);
  assert.deepEqual(left.slice(256), tone(10_256, 768), 'identical after the fade');
  assert.deepEqual(left, right);
  assert.equal(ring.position, 11_024);
});

test('another rate changes the pitch only', () => {
  const ring = new SoundRing(1, 48_000);
  ring.write(0, [tone(0, 9_600)]);
  ring.jump(0);
  ring.rate = 1.01;
  const [left] = read(ring, 8_000);
  for (let n = 300; n < 8_000; n++) assert.ok(Math.abs(left[n] - Math.sin(n * 1.01 * 0.05)) < 1e-3);
});

test('no click at the end, at more audio, or at a jump', () => {
  const ring = new SoundRing(1, 48_000);
  const heard = [];
  ring.write(0, [tone(0, 2_000)]);
  ring.jump(0);
  for (let n = 0; n < 30; n++) {
    heard.push(...read(ring, 128)[0]);
    if (n === 20) ring.write(2_000, [tone(2_000, 9_000)]);
    if (n === 24) ring.jump(6_007);
  }
  assert.ok(steepest(heard) < 0.12, `a step of ${steepest(heard)}`);
  assert.equal(ring.dry, 1);
  assert.ok(
    heard.slice(2_100, 20 * 128).every((value) => value === 0),
    'silence between',
  );
});

test('a hole is silence, and late samples fill their place', () => {
  const ring = new SoundRing(1, 48_000);
  ring.write(0, [new Float32Array(1_000).fill(0.5)]);
  ring.write(3_000, [new Float32Array(2_000).fill(0.5)]);
  ring.write(1_500, [new Float32Array(500).fill(0.25)]);
  ring.jump(0);
  const [left] = read(ring, 4_000);
  assert.deepEqual(
    [left[900], left[1_200], left[1_700], left[2_500], left[3_500]],
    [0.5, 0, 0.25, 0, 0.5],
  );
});

test('the oldest samples are dropped, and a jump far ahead costs nothing', () => {
  const ring = new SoundRing(1, 1_000);
  ring.write(0, [tone(0, 5_000)]);
  ring.write(1e12, [new Float32Array(900).fill(0.5)]);
  ring.jump(1e12);
  assert.equal(read(ring, 400)[0][300], 0.5);
});
