// The address of an item of the feed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { itemOfLink, linkOf } from '../../../web/js/feed/deep_link.js';

test('the address names the item and keeps the rest of the query', () => {
  assert.equal(linkOf({ kind: 'live', id: 'AbC' }, ''), '/?at=live:AbC');
  assert.equal(linkOf({ kind: 'clip', id: 'x' }, '?app&at=live%3AAbC'), '/?app=&at=clip:x');
});

test('the way back to a clip leads to the same clip', async () => {
  const item = { kind: 'clip', id: 'x', title: 'A song' };
  assert.equal(await itemOfLink('clip:x', { item }), item);
  assert.equal(await itemOfLink('clip:y', { item }), null);
  assert.equal(await itemOfLink('clip:y', null), null);
});
