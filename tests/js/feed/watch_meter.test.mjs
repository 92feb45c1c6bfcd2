// How long the viewer saw an item.
import assert from 'node:assert/strict';
import test from 'node:test';
import { WatchMeter } from '../../../web/js/feed/watch_meter.js';

const item = { kind: 'clip', id: 'abc', title: 'not sent' };

test('time counts while the page is visible', () => {
  const meter = new WatchMeter();
  meter.begin(item, 1_000);
  meter.pause(6_000);
  meter.pause(7_000);
  meter.resume(60_000);
  meter.resume(61_000);
  assert.deepEqual(meter.end(64_000), { kind: 'clip', id: 'abc', seconds: 9, skipped: false });
  assert.equal(meter.end(70_000), null);
});

test('less than three seconds is a skip', () => {
  const meter = new WatchMeter();
  meter.begin(item, 0);
  assert.deepEqual(meter.end(2_940), { kind: 'clip', id: 'abc', seconds: 2.9, skipped: true });
});

test('the end of the feed is nothing to report', () => {
  const meter = new WatchMeter();
  meter.begin(undefined, 0);
  assert.equal(meter.end(5_000), null);
});
