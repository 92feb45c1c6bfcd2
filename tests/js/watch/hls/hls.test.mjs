import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimTo } from '../../../../web/js/watch/hls/back_buffer.js';
import { LiveSync } from '../../../../web/js/watch/hls/live_sync.js';

const near = { now: 10_000, latency: 1.4, target: 1.05, position: 95, sync: 100, loaded: { start: 90, end: 101 } };

test('a little behind is walked off, not jumped', () => {
  assert.equal(new LiveSync().decide(near), null);
});

test('far behind is jumped to where playing belongs, once in a while', () => {
  const sync = new LiveSync();
  assert.equal(sync.decide({ ...near, latency: 5 }), 100);
  assert.equal(sync.decide({ ...near, latency: 5, now: 11_000 }), null);
  assert.equal(sync.decide({ ...near, latency: 5, now: 20_000 }), 100);
});

test('never beyond what is loaded, and nowhere while nothing is known', () => {
  assert.equal(new LiveSync().decide({ ...near, latency: 5, loaded: { start: 90, end: 99 } }), 98.7);
  assert.equal(new LiveSync().decide({ ...near, latency: 5, loaded: { start: NaN, end: NaN } }), null);
  assert.equal(new LiveSync().decide({ ...near, latency: NaN }), null);
  assert.equal(new LiveSync().decide({ ...near, latency: 5, sync: NaN }), null);
});

test('out of a hole into what is behind it', () => {
  assert.equal(new LiveSync().decide({ ...near, latency: 5, loaded: { start: 99.9, end: 100.1 } }), 99.9);
});

test('where nothing newer is loaded yet, the jump comes as soon as something is', () => {
  const sync = new LiveSync();
  assert.equal(sync.decide({ ...near, latency: 3, position: 98.95, loaded: { start: 90, end: 99 } }), null);
  assert.equal(sync.decide({ ...near, latency: 3.3, now: 10_250, position: 98.95, sync: 100.25, loaded: { start: 90, end: 100 } }), 99.7);
});

test('a distance that stalls have made larger shrinks again, step by step, while there are none', () => {
  const sync = new LiveSync();
  assert.equal(sync.relax(0, 1.05), null);
  assert.equal(sync.relax(1_000, 1.35), null);
  assert.equal(sync.relax(15_900, 1.35), null);
  assert.equal(sync.relax(16_000, 1.35), 1.25);
  assert.equal(sync.relax(20_000, 1.55), null); // another stall
  assert.equal(sync.relax(34_000, 1.55), null);
  let target = 1.55;
  for (let now = 35_000; now < 200_000; now += 250) target = sync.relax(now, target) ?? target;
  assert.equal(target, 1.05);
  assert.equal(sync.relax(300_000, 1.05), null);
});

test('a distance is walked off, down to what parts of that size need, and not with an empty hand', () => {
  const sync = new LiveSync();
  assert.equal(sync.pace({ latency: 1.4, target: 1.05, ahead: 1 }), 1);
  assert.equal(sync.pace({ latency: 1.5, target: 1.05, ahead: 1 }), 1.05);
  assert.equal(sync.pace({ latency: 1.35, target: 1.05, ahead: 1 }), 1.05);
  assert.equal(sync.pace({ latency: 1.29, target: 1.05, ahead: 1 }), 1);
  assert.equal(sync.pace({ latency: 1.35, target: 1.05, ahead: 1 }), 1);
  assert.equal(sync.pace({ latency: 1.8, target: 1.05, ahead: 0.4 }), 1);
  assert.equal(sync.pace({ latency: NaN, target: 1.05, ahead: NaN }), 1);
});

test('what was played goes between two segments, and only after a long time within one', () => {
  assert.equal(trimTo({ position: 30, start: 20, whole: true }), null);
  assert.equal(trimTo({ position: 30, start: 18, whole: true }), 20);
  assert.equal(trimTo({ position: 30, start: 18, whole: false }), null);
  assert.equal(trimTo({ position: 60, start: 18, whole: false }), 50);
  assert.equal(trimTo({ position: 60, start: NaN, whole: true }), null);
});
