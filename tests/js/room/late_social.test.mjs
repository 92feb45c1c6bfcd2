// What people do in the room loads late, and misses no event.
import assert from 'node:assert/strict';
import test from 'node:test';
import { LateSocial } from '../../../web/js/room/late_social.js';
import { settle } from '../fixtures/fake_clock.mjs';

class FakeSocial {
  received = [];
  loads = 0;
  receive = (event) => void this.received.push(event);
  load = async () => void this.loads++;
}

test('events that come before the view are kept, in order and bounded', async () => {
  const view = new FakeSocial();
  const late = new LateSocial(async () => view);
  for (let n = 0; n < 400; n++) late.receive(n);
  assert.equal(late.view, null);
  await late.load();
  late.receive('now');
  assert.equal(view.received.length, 301);
  assert.deepEqual([view.received[0], view.received.at(-1)], [100, 'now']);
  assert.equal(view.loads, 1);
});

test('it loads once, and again after a failure', async () => {
  let attempts = 0;
  const view = new FakeSocial();
  const late = new LateSocial(async () => {
    if (++attempts === 1) throw new Error('no network');
    return view;
  });
  const { warn } = console;
  console.warn = () => {};
  await late.load();
  console.warn = warn;
  await Promise.all([late.load(), late.load()]);
  await settle();
  assert.deepEqual([attempts, view.loads, late.view], [2, 1, view]);
});
