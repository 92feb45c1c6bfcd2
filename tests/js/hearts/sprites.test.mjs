// Floating hearts: bounded, rising, and gone after a while.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MOST, Sprites } from '../../../web/js/hearts/sprites.js';

test('a heart rises, fades and ends', () => {
  const sprites = new Sprites(() => 0.5);
  sprites.add('heart', 100, 500, 0);
  const [early] = sprites.at(100, 600);
  const [late] = sprites.at(2_100, 600);
  assert.ok(early.y > late.y && late.y > 0);
  assert.ok(early.opacity === 1 && late.opacity < 0.2);
  assert.deepEqual([sprites.at(2_200, 600), sprites.empty], [[], true]);
});

test('a heart of the future waits', () => {
  const sprites = new Sprites(() => 0.5);
  sprites.add('heart', 0, 0, 500);
  assert.deepEqual([sprites.at(100, 600), sprites.empty], [[], false]);
  assert.equal(sprites.at(500, 600).length, 1);
});

test('the number is bounded, the oldest go first', () => {
  const sprites = new Sprites(() => 0.5);
  for (let n = 0; n < 500; n++) sprites.add(n < 400 ? 'old' : 'new', 0, 0, 0);
  const shown = sprites.at(0, 600);
  assert.equal(shown.length, MOST);
  assert.ok(shown.every(({ emoji }) => emoji === 'new'));
});
