import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { colourOf, figureOf } from '../../../web/js/explore/item_card.js';
import { itemOf } from '../../../web/js/api/discovery_api.js';

const ROOM = {
  room: 'k3v9x2',
  title: 'A live',
  state: 'away',
  viewers: 12,
  created_at: 1_790_000_000,
  live_since: 1_790_000_100,
};

test('a room of the list of rooms is an item', () => {
  const item = itemOf(ROOM);
  assert.deepEqual(
    [item.kind, item.id, item.url, item.state],
    ['live', 'k3v9x2', '/r/k3v9x2', 'away'],
  );
  assert.equal(item.live_since, '2026-09-21T14:15:00.000Z');
  assert.deepEqual(figureOf(item), { sign: 'eye', count: '12', unit: ' watching' });
  const clip = { ...item, kind: 'clip', duration: 65 };
  assert.deepEqual(figureOf(clip), { sign: 'play', count: '1:05', unit: '' });
});

test('an item without a creator always has the same colour', () => {
  assert.equal(colourOf('k3v9x2'), colourOf('k3v9x2'));
  const colours = new Set(Array.from({ length: 200 }, (_, n) => colourOf(`room${n}`)));
  assert.equal(colours.size, 12);
  for (const colour of colours) assert.ok(colour >= 0 && colour < 12);
});
