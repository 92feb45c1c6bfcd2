// The media time of the frame on the screen.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ScreenClock } from '../../../web/js/room/screen_clock.js';

const stats = (more) => ({
  player: 'webcodecs',
  position: 2_000,
  lag: 100,
  playing: true,
  ...more,
});

test('a player on the time of the stream says it, and it goes on between two reports', () => {
  const clock = new ScreenClock();
  assert.equal(clock.read(0, stats()), 2_000_000);
  assert.equal(clock.read(200, stats()), 2_200_000);
  assert.equal(clock.read(5_000, stats()), 2_500_000);
  assert.equal(clock.read(5_000, stats({ position: 6_000, playing: false })), 6_000_000);
});

test('other players know how far they are behind the live edge', () => {
  const clock = new ScreenClock();
  const hls = stats({ player: 'hls', position: 10 });
  assert.ok(Number.isNaN(clock.read(0, hls)));
  clock.addEdge(1_000, 50_000_000);
  assert.equal(clock.read(1_500, hls), 50_400_000);
  clock.reset();
  assert.ok(Number.isNaN(clock.read(1_500, hls)));
});
