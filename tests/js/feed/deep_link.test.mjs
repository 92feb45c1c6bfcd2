// The address of an item of the feed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { liveOfLink, linkOf, readLink } from '../../../web/js/feed/deep_link.js';

test('the address names the item and keeps the rest of the query', () => {
  assert.equal(linkOf({ kind: 'live', id: 'AbC' }, ''), '/?at=live:AbC');
  assert.equal(linkOf({ kind: 'clip', id: 'x' }, '?app&at=live%3AAbC'), '/?app=&at=clip:x');
});

test('the feed is asked for the item of an address, and for nothing else', async () => {
  for (const link of ['live:AbC', 'clip:a-b_9', 'replay:x']) assert.equal(readLink(link), link);
  for (const link of [null, '', 'clip', 'clip:', 'room:x', 'clip:a b', `clip:${'x'.repeat(33)}`])
    assert.equal(readLink(link), '');
});

test('only a live is looked for elsewhere', async () => {
  assert.equal(await liveOfLink('clip:x'), null);
  assert.equal(await liveOfLink(''), null);
});
