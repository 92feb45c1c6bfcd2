import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveSync } from '../../web/js/watch/hls/live_sync.js';

const near = { now: 10_000, latency: 1.4, target: 1.05, sync: 100, buffered: 101 };

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
  assert.equal(new LiveSync().decide({ ...near, latency: 5, buffered: 99 }), 98.7);
  assert.equal(new LiveSync().decide({ ...near, latency: NaN }), null);
  assert.equal(new LiveSync().decide({ ...near, latency: 5, sync: NaN }), null);
});
