import assert from 'node:assert/strict';
import test from 'node:test';
import { LiveSync } from '../../../../web/js/watch/hls/live_sync.js';

const near = {
  now: 10_000,
  latency: 0.9,
  target: 0.63,
  position: 95,
  sync: 100,
  loaded: { start: 90, end: 101 },
};

test('a small distance is no jump', () => {
  assert.equal(new LiveSync().decide(near), null);
});

test('a large distance is a jump to the target, now and then', () => {
  const sync = new LiveSync();
  assert.equal(sync.decide({ ...near, latency: 5 }), 100);
  assert.equal(sync.decide({ ...near, latency: 5, now: 11_000 }), null);
  assert.equal(sync.decide({ ...near, latency: 5, now: 20_000 }), 100);
});

test('a jump stays within loaded media, and needs known values', () => {
  assert.equal(
    new LiveSync().decide({ ...near, latency: 5, loaded: { start: 90, end: 99 } }),
    98.7,
  );
  assert.equal(
    new LiveSync().decide({ ...near, latency: 5, loaded: { start: NaN, end: NaN } }),
    null,
  );
  assert.equal(new LiveSync().decide({ ...near, latency: NaN }), null);
  assert.equal(new LiveSync().decide({ ...near, latency: 5, sync: NaN }), null);
});

test('a jump leads out of a hole into the media behind it', () => {
  assert.equal(
    new LiveSync().decide({ ...near, latency: 5, loaded: { start: 99.9, end: 100.1 } }),
    99.9,
  );
});

test('without newer media the jump waits for it', () => {
  const sync = new LiveSync();
  assert.equal(
    sync.decide({ ...near, latency: 3, position: 98.95, loaded: { start: 90, end: 99 } }),
    null,
  );
  assert.equal(
    sync.decide({
      ...near,
      latency: 3.3,
      now: 10_250,
      position: 98.95,
      sync: 100.25,
      loaded: { start: 90, end: 100 },
    }),
    99.7,
  );
});

test('a stall without media raises the target, up to a maximum', () => {
  const sync = new LiveSync();
  assert.ok(Math.abs(sync.raise(0.63, 0.02) - 0.83) < 1e-9);
  assert.equal(sync.raise(1.9, NaN), 2);
  assert.equal(sync.raise(2.5, 0), null);
  assert.equal(sync.raise(0.63, 0.3), null);
});

test('a target that stalls raised shrinks step by step without stalls', () => {
  const sync = new LiveSync();
  assert.equal(sync.relax(0, 0.63), null);
  assert.equal(sync.relax(1_000, 0.95), null);
  assert.equal(sync.relax(15_900, 0.95), null);
  assert.equal(sync.relax(16_000, 0.95), 0.85);
  assert.equal(sync.relax(20_000, 1.15), null); // another stall
  assert.equal(sync.relax(34_000, 1.15), null);
  let target = 1.15;
  for (let now = 35_000; now < 200_000; now += 250) target = sync.relax(now, target) ?? target;
  assert.equal(target, 0.63);
  assert.equal(sync.relax(300_000, 0.63), null);
});

test('the rate corrects a distance, down to the slack, and only with buffered media', () => {
  const sync = new LiveSync();
  assert.equal(sync.pace({ latency: 0.75, target: 0.63, ahead: 0.6 }), 1);
  assert.equal(sync.pace({ latency: 1.3, target: 0.63, ahead: 1 }), 1.1);
  assert.equal(sync.pace({ latency: 0.85, target: 0.63, ahead: 0.6 }), 1.05);
  assert.equal(sync.pace({ latency: 0.7, target: 0.63, ahead: 0.5 }), 1.05);
  assert.equal(sync.pace({ latency: 0.67, target: 0.63, ahead: 0.5 }), 1);
  assert.equal(sync.pace({ latency: 0.7, target: 0.63, ahead: 0.5 }), 1);
  assert.equal(sync.pace({ latency: 1.1, target: 0.63, ahead: 0.25 }), 1);
  assert.equal(sync.pace({ latency: NaN, target: 0.63, ahead: NaN }), 1);
});
