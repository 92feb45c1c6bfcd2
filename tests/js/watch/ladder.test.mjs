import assert from 'node:assert/strict';
import test from 'node:test';
import { Ladder } from '../../../web/js/watch/ladder.js';

const all = {
  isSecureContext: true,
  VideoDecoder: 1,
  AudioDecoder: 1,
  AudioWorkletNode: 1,
  MediaSource: 1,
};

test('the best path of the browser comes first', () => {
  assert.equal(new Ladder(all, null).name, 'webcodecs');
  assert.equal(new Ladder({ ...all, isSecureContext: false }, null).name, 'mse');
  assert.equal(new Ladder({ ManagedMediaSource: 1 }, null).name, 'mse');
  assert.equal(new Ladder({}, null).supported, false);
});

test('a path that is asked for stays, if it exists', () => {
  const ladder = new Ladder(all, 'mse');
  assert.equal(ladder.name, 'mse');
  assert.equal(ladder.broke(0, 'bad', true) || ladder.stalled(0) || ladder.recovered(1e9), false);
  const unknown = new Ladder(all, 'toString');
  assert.deepEqual([unknown.name, unknown.unknown], ['webcodecs', 'toString']);
  assert.equal(new Ladder({ MediaSource: 1 }, 'webcodecs').supported, false);
});

test('two errors change the path; the first is tried again after a minute, then after two', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.broke(0, 'bad', false), false);
  assert.equal(ladder.broke(40_000, 'bad', false), false);
  assert.equal(ladder.broke(45_000, 'bad', false), true);
  assert.deepEqual([ladder.name, ladder.why], ['mse', 'webcodecs left: bad']);
  assert.equal(ladder.recovered(100_000), false);
  assert.equal(ladder.recovered(106_000), true);
  assert.equal(ladder.name, 'webcodecs');
  ladder.broke(117_000, 'bad', false);
  assert.equal(ladder.broke(118_000, 'bad', false), true);
  assert.equal(ladder.recovered(210_000), false);
  assert.equal(ladder.recovered(239_000), true);
  assert.equal(ladder.broke(248_000, 'bad', false), true, 'on trial the first error counts');
  assert.equal(ladder.recovered(500_000), true);
  assert.equal(ladder.stalled(501_000), false);
  assert.equal(ladder.stalled(502_000), true, 'or the second stall');
});

test('stalls in a short time lead down, to the last path at most', () => {
  const ladder = new Ladder(all, null);
  for (const now of [0, 31_000, 40_000, 50_000]) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.stalled(55_000), true);
  assert.equal(ladder.name, 'mse');
  for (const now of [56_000, 57_000, 58_000]) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.stalled(59_000), true);
  for (let now = 60_000; now < 70_000; now += 1_000) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.name, 'hls');
});

test('a path that can never play is not tried again', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.broke(0, 'no such codec', true), true);
  assert.equal(ladder.recovered(1e9), false);
  assert.equal(ladder.broke(10, 'no such codec', true), true);
  assert.equal(ladder.broke(20, 'no such codec', true), false);
  assert.equal(ladder.name, 'hls');
});

test('a path that can never play gives way to one that rests', () => {
  const ladder = new Ladder({ MediaSource: 1, RTCPeerConnection: 1 }, null); // mse, whep, hls
  for (const now of [0, 1, 2, 3]) ladder.stalled(now);
  assert.equal(ladder.name, 'whep');
  for (const now of [10, 11, 12, 13]) ladder.stalled(now);
  assert.equal(ladder.name, 'hls');
  assert.equal(ladder.broke(20, 'no such codec', true), true);
  assert.equal(ladder.name, 'mse', 'its rest ends first');
  assert.equal(ladder.broke(30, 'no such codec', true), true);
  assert.equal(ladder.name, 'whep');
  assert.equal(ladder.broke(40, 'no such codec', true), false);
});

test('a blocked transport blocks its paths for a while', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.blocked(0, 'websocket'), true);
  assert.deepEqual([ladder.name, ladder.why], ['hls', 'webcodecs left: websocket is blocked']);
  for (const now of [4_000, 8_000])
    assert.equal(ladder.blocked(now, 'websocket'), false, 'the path in use has another transport');
  assert.equal(ladder.name, 'hls');
  assert.equal(ladder.recovered(59_000), false);
  assert.equal(ladder.recovered(1e6), true);
  assert.equal(ladder.name, 'webcodecs');
  assert.equal(
    new Ladder(all, 'webcodecs').blocked(0, 'websocket'),
    false,
    'a path that is asked for stays',
  );
});

test('a media source without H.264 does not count', () => {
  const none = { isTypeSupported: () => false };
  assert.equal(new Ladder({ MediaSource: none, RTCPeerConnection: 1 }, null).name, 'whep');
  assert.equal(
    new Ladder({ ManagedMediaSource: { isTypeSupported: () => true } }, null).name,
    'mse',
  );
});
