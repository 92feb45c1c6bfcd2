// The window that the server lists: which segment shows a moment, and what follows it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ReplayWindow } from '../../../web/js/rewind/replay_window.js';

const S = 1e6;
const segment = (start, end, key = true, piece = 0) => ({
  start: start * S,
  end: end * S,
  key,
  piece,
});
const answer = {
  stream: 'a',
  start: 10 * S,
  end: 40 * S,
  edge: 42 * S,
  pieces: [
    { codecs: 'avc1.42C01F,opus', width: 720, height: 1280 },
    { codecs: 'avc1.640028,opus', width: 1280, height: 720 },
  ],
  // A keyframe is missing at 14 s. From 20 to 30 s the creator was away.
  segments: [
    segment(10, 12),
    segment(12, 14),
    segment(14, 18, false),
    segment(18, 20),
    segment(30, 40, true, 1),
  ],
  hearts: [
    { second: 12, emoji: { heart: 2 } },
    { second: 13, emoji: { fire: 1 } },
  ],
};
const window = new ReplayWindow(answer, 1_000);

test('a moment is loaded from the keyframe before it', () => {
  assert.equal(window.keyFor(13 * S)?.start, 12 * S);
  assert.equal(window.keyFor(15 * S)?.start, 12 * S, 'a segment without a keyframe');
  assert.equal(window.keyFor(25 * S)?.start, 18 * S, 'in an interruption');
  assert.equal(window.keyFor(5 * S)?.start, 10 * S, 'before the window');
  assert.equal(window.keyFor(99 * S)?.start, 30 * S, 'after the window');
});

test('a moment in an interruption becomes the end of the interruption', () => {
  assert.equal(window.present(25 * S), 30 * S);
  assert.equal(window.present(15 * S), 15 * S);
  assert.equal(window.present(5 * S), 10 * S);
  assert.equal(window.present(99 * S), 99 * S);
});

test('an empty window has no segment', () => {
  const empty = new ReplayWindow({ ...answer, segments: [] }, 0);
  assert.equal(empty.keyFor(5), undefined);
  assert.equal(empty.from(5), undefined);
});

test('the next segment may follow an interruption', () => {
  assert.equal(window.from(18 * S)?.start, 18 * S);
  assert.equal(window.from(20 * S)?.start, 30 * S);
  assert.equal(window.from(40 * S), undefined);
  assert.equal(window.codecsOf(segment(30, 40, true, 1)), 'avc1.640028,opus');
});

test('a moment outside of the window becomes the nearest', () => {
  assert.equal(window.clamp(0), 10 * S);
  assert.equal(window.clamp(-Infinity), 10 * S);
  assert.equal(window.clamp(20 * S), 20 * S);
  assert.ok(window.clamp(Infinity) < 40 * S && window.clamp(Infinity) > 39 * S);
});

test('the live edge moves on', () => {
  assert.equal(window.edge(1_000), 42 * S);
  assert.equal(window.edge(3_500), 44.5 * S);
});

test('each second with hearts is passed once', () => {
  const seconds = (from, to) => window.heartsBetween(from, to).map(({ second }) => second);
  assert.deepEqual(seconds(11.8 * S, 12 * S), [12]);
  assert.deepEqual(seconds(12 * S, 12.9 * S), []);
  assert.deepEqual(seconds(11 * S, 14 * S), [12, 13]);
});
