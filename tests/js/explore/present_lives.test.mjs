import assert from 'node:assert/strict';
import test from 'node:test';
import { PresentLives } from '../../../web/js/explore/present_lives.js';

const room = (id, more = {}) => ({ kind: 'live', id, viewers: 1, poster: null, ...more });
const ids = (lives) => lives.items.map(({ id }) => id);

test('a room has its creator from the feed, and its figures from the list of rooms', () => {
  const lives = new PresentLives();
  lives.rooms = [room('a', { viewers: 7, state: 'away', title: 'New' })];
  assert.equal(lives.items[0].creator, undefined);
  lives.feed = [
    room('a', { viewers: 3, title: 'Old', poster: '/p', creator: 'minji' }),
    { kind: 'clip', id: 'c' },
  ];
  assert.deepEqual(lives.items, [
    room('a', { viewers: 7, state: 'away', title: 'New', poster: '/p', creator: 'minji' }),
  ]);
});

test('lives of other servers follow, and a live that has ended here is gone', () => {
  const lives = new PresentLives();
  lives.rooms = [room('a'), room('b')];
  lives.feed = [room('b'), room('elsewhere'), room('a')];
  assert.deepEqual(ids(lives), ['a', 'b', 'elsewhere']);
  lives.rooms = [room('b')];
  assert.deepEqual(ids(lives), ['b', 'elsewhere']);
  lives.feed = [];
  assert.deepEqual(ids(lives), ['b']);
});
