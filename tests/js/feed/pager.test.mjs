// What each item of the feed does while the viewer swipes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Pager, keyOf } from '../../../web/js/feed/pager.js';

const items = (count, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ kind: 'live', id: `room${from + n}` }));

function pagerOf(count) {
  const pager = new Pager();
  pager.append(items(count));
  pager.rest(0);
  pager.roles();
  return pager;
}
const connected = (roles) => roles.filter((role) => role === 'play' || role === 'standby').length;

test('at rest, one plays, its neighbours stand by, the next ones have posters', () => {
  const pager = pagerOf(6);
  assert.deepEqual(pager.roles(), ['play', 'standby', 'poster', 'empty', 'empty', 'empty']);
  pager.rest(2);
  assert.deepEqual(pager.roles(), ['poster', 'standby', 'play', 'standby', 'poster', 'empty']);
});

test('a neighbour on standby plays as soon as a quarter of it is in sight', () => {
  const pager = pagerOf(4);
  pager.move(0.2);
  assert.equal(pager.roles()[1], 'standby');
  pager.move(0.3);
  assert.deepEqual(pager.roles().slice(0, 2), ['play', 'play']);
  assert.equal(pager.at, 0);
  pager.move(0.6);
  assert.equal(pager.at, 1);
  pager.move(0.8);
  assert.deepEqual(pager.roles().slice(0, 2), ['standby', 'play']);
  pager.move(0.1); // the finger goes back
  assert.deepEqual(pager.roles().slice(0, 2), ['play', 'standby']);
});

test('items that only pass by get no connection', () => {
  const pager = pagerOf(12);
  for (let position = 0; position <= 8; position += 0.25) {
    pager.move(position);
    const roles = pager.roles();
    assert.ok(connected(roles) <= 3, `${position}: ${roles}`);
    // The item in the middle of the screen always has a still picture.
    assert.notEqual(roles[Math.round(position)], 'empty');
  }
  assert.equal(pager.roles()[9], 'poster');
  pager.rest(8);
  assert.deepEqual(pager.roles().slice(7, 10), ['standby', 'play', 'standby']);
});

test('never more than three items are connected', () => {
  const pager = pagerOf(20);
  let seed = 7;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  for (let n = 0; n < 2_000; n++) {
    if (random() < 0.2) pager.rest(Math.floor(random() * 21));
    else pager.move(random() * 20);
    const roles = pager.roles();
    assert.ok(connected(roles) <= 3);
    if (pager.resting && pager.current) assert.equal(roles[pager.at], 'play');
  }
});

test('quick steps add up, and end at the last page', () => {
  const pager = pagerOf(4);
  assert.equal(pager.step(1, true), 1);
  pager.move(0.1);
  assert.equal(pager.step(1, true), 2);
  assert.equal(pager.step(1, true), 3);
  assert.equal(pager.step(1, true), 4);
  assert.equal(pager.step(1, true), 4);
  pager.rest(4);
  assert.equal(pager.current, undefined);
  assert.equal(pager.step(1, false), 3);
  pager.rest(0);
  assert.equal(pager.step(-1, true), 0);
});

test('an item is in the feed once', () => {
  const pager = pagerOf(3);
  const added = pager.append([...items(5), ...items(1, 4)]);
  assert.deepEqual(added.map(keyOf), ['live:room3', 'live:room4']);
  assert.equal(pager.items.length, 5);
});

test('the item on the screen stays there when an item before it is removed', () => {
  const pager = pagerOf(5);
  pager.rest(3);
  pager.remove(1);
  assert.equal(pager.current.id, 'room3');
  pager.remove(pager.at + 1);
  assert.equal(pager.current.id, 'room3');
  assert.equal(pager.items.length, 3);
});

test('at rest, items that are neither on the screen nor beside it may be replaced', () => {
  const pager = pagerOf(6);
  assert.equal(pager.replaceable, 4);
  pager.rest(3);
  assert.equal(pager.replaceable, 1);
  pager.rest(6); // the end
  assert.equal(pager.replaceable, 0);
  pager.move(0.5);
  assert.equal(pager.replaceable, 0);
});

test('a long session keeps a bounded number of items', () => {
  const pager = pagerOf(2);
  for (let n = 0; n < 500; n++) {
    if (pager.wantsMore) pager.append(items(10, pager.items.length + n * 100));
    pager.rest(pager.step(1, false));
    for (let extra = pager.tooFarBehind; extra > 0; extra--) pager.remove(0);
    assert.ok(pager.items.length < 60);
  }
});
