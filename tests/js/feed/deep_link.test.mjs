// The address of an item of the feed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { linkOf } from '../../../web/js/feed/deep_link.js';

test('the address names the item and keeps the rest of the query', () => {
  assert.equal(linkOf({ kind: 'live', id: 'AbC' }, ''), '/?at=live:AbC');
  assert.equal(linkOf({ kind: 'clip', id: 'x' }, '?app&at=live%3AAbC'), '/?app=&at=clip:x');
});
