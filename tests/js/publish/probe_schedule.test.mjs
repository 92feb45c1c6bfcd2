// When the browser probes the path.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ProbeSchedule } from '../../../web/js/publish/probe_schedule.js';

const MOST = 3_750_000;

/** Measures one estimate a second; returns the seconds, from 0, at which a probe is due. */
const probes = (schedule, estimates, most = MOST) =>
  estimates.flatMap((estimate, n) => (schedule.measure(estimate, most) ? [n] : []));

const times = (count, estimate) => Array(count).fill(estimate);

/** Estimates that grow by 8 % a second. */
const growing = (count, from) => Array.from({ length: count }, (_, n) => from * 1.08 ** n);

/** A schedule on a path that became narrow: 1 Mbps arrive. */
function narrowed() {
  const schedule = new ProbeSchedule();
  assert.deepEqual(probes(schedule, [MOST, MOST, 1_500_000, 850_000]), []);
  return schedule;
}

test('a path that carries enough, or that was never congested, is not probed', () => {
  assert.deepEqual(probes(new ProbeSchedule(), times(60, MOST)), []);
  assert.deepEqual(probes(new ProbeSchedule(), growing(30, 300_000)), []);
});

test('a path that stays narrow is not probed', () => {
  const sawtooth = [...growing(6, 850_000), ...growing(6, 820_000), ...growing(6, 860_000)];
  assert.ok(Math.max(...sawtooth) > 1_240_000);
  assert.deepEqual(probes(narrowed(), sawtooth), []);
});

test('a path that is wider than at the last congestion is probed every 4 s', () => {
  const schedule = narrowed();
  assert.deepEqual(probes(schedule, times(20, 1_440_000)), []);
  assert.deepEqual(probes(schedule, times(10, 1_460_000)), [0, 4, 8]);
});

test('a probe that finds enough capacity is the last', () => {
  const schedule = narrowed();
  const estimates = growing(30, 850_000);
  const [first] = probes(schedule, estimates.slice(0, 8));
  assert.equal(first, 7);
  assert.deepEqual(probes(schedule, [...times(60, 3_000_000), ...times(60, MOST)]), []);
});

test('congestion after a probe stops the probes until the path is wider again', () => {
  const schedule = narrowed();
  assert.deepEqual(probes(schedule, [1_500_000, 2_500_000, 1_275_000]), [0]);
  assert.deepEqual(probes(schedule, times(20, 2_150_000)), []);
  assert.deepEqual(probes(schedule, times(3, 2_200_000)), [0]);
});

test('a browser that does not measure the path, or an unknown maximum, causes no probes', () => {
  assert.deepEqual(probes(narrowed(), times(30, undefined)), []);
  assert.deepEqual(probes(narrowed(), times(30, 2_000_000), NaN), []);
});
