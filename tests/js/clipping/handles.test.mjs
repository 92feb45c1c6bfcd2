// The two handles of the clip sheet: they snap to keyframes and keep to 5 to 60 s.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Handles, fractionOf, loopOf, tileAt, timeAt } from '../../../web/js/clipping/handles.js';

const S = 1_000_000;
/** A keyframe every 2 s, from 100 s to 160 s; the tap was at 161 s. */
const EXTENT = {
  from: 100 * S,
  until: 161 * S,
  keyframes: Array.from({ length: 31 }, (_, n) => (100 + 2 * n) * S),
};
const handles = (start = 130, end = 161, extent = EXTENT) =>
  new Handles(extent, start * S, end * S);

test('a handle goes to the nearest keyframe', () => {
  const chosen = handles();
  chosen.move('start', 120.9 * S);
  assert.equal(chosen.start, 120 * S);
  chosen.move('start', 121.1 * S);
  assert.equal(chosen.start, 122 * S);
  chosen.move('end', 147.2 * S);
  assert.deepEqual([chosen.start, chosen.end, chosen.length], [122 * S, 148 * S, 26 * S]);
});

test('the end may also be where the media ends, but the start may not', () => {
  const chosen = handles(130, 150);
  chosen.move('end', 170 * S);
  assert.equal(chosen.end, 161 * S);
  chosen.move('start', 161 * S);
  assert.equal(chosen.start, 156 * S);
});

test('the part stays between 5 and 60 seconds, and the other handle stays', () => {
  const chosen = handles();
  chosen.move('start', 100 * S);
  assert.equal(chosen.start, 102 * S);
  chosen.move('end', 102 * S);
  assert.equal(chosen.end, 108 * S);
  assert.equal(chosen.start, 102 * S);
  assert.deepEqual(chosen.limits('end'), [108 * S, 161 * S]);
  assert.deepEqual(chosen.limits('start'), [100 * S, 102 * S]);
});

test('keys move a handle from place to place', () => {
  const chosen = handles(131, 161);
  chosen.step('start', -1);
  assert.equal(chosen.start, 130 * S);
  chosen.step('start', 5);
  assert.equal(chosen.start, 140 * S);
  chosen.step('start', Infinity);
  assert.equal(chosen.start, 156 * S);
  chosen.step('start', 1);
  assert.equal(chosen.start, 156 * S);
  chosen.step('end', -1);
  assert.equal(chosen.end, 161 * S);
  chosen.step('start', -Infinity);
  assert.equal(chosen.start, 102 * S);
});

test('an extent that grows gives the handles more places', () => {
  const chosen = handles();
  chosen.extend({ ...EXTENT, until: 166 * S, keyframes: [...EXTENT.keyframes, 162 * S, 164 * S] });
  assert.equal(chosen.end, 161 * S);
  chosen.step('end', Infinity);
  assert.equal(chosen.end, 166 * S);
});

test('without an allowed place, a handle does not move', () => {
  const chosen = handles(100, 103, { from: 100 * S, until: 103 * S, keyframes: [100 * S] });
  for (const side of ['start', 'end']) {
    chosen.move(side, 102 * S);
    chosen.step(side, 1);
  }
  assert.deepEqual([chosen.start, chosen.end], [100 * S, 103 * S]);
  assert.deepEqual(chosen.limits('start'), [100 * S, 100 * S]);
});

test('a place on the filmstrip converts to a time and back', () => {
  assert.equal(fractionOf(EXTENT, 130.5 * S), 0.5);
  assert.equal(timeAt(EXTENT, 0.5), 130.5 * S);
  assert.deepEqual([timeAt(EXTENT, -1), timeAt(EXTENT, 2)], [100 * S, 161 * S]);
  assert.deepEqual([fractionOf(EXTENT, 0), fractionOf(EXTENT, 900 * S)], [0, 1]);
  assert.equal(fractionOf({ from: 5, until: 5 }, 5), 0);
});

test('the preview plays the chosen part, as far as the file contains it', () => {
  const file = { start: 130 * S, end: 160 * S };
  assert.deepEqual(loopOf(file, { start: 140 * S, end: 150 * S }), [10, 20]);
  assert.deepEqual(loopOf(file, { start: 110 * S, end: 150 * S }), [0, 20]);
  assert.deepEqual(loopOf(file, { start: 100 * S, end: 120 * S }), [0, 30]);
});

test('a time shows the last picture that is not later', () => {
  const tiles = [{ at: 10 }, { at: 20 }, { at: 30 }];
  assert.deepEqual(
    [5, 10, 29, 99].map((time) => tileAt(tiles, time)?.at),
    [10, 10, 20, 30],
  );
  assert.equal(tileAt([], 5), undefined);
});
