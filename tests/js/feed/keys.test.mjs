// The keyboard of the feed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { feedActionOf } from '../../../web/js/feed/keys.js';

test('arrows and letters move through the feed', () => {
  assert.deepEqual(['ArrowDown', 'j', 'ArrowUp', 'k', 'Home'].map(feedActionOf), [
    'next',
    'next',
    'previous',
    'previous',
    'first',
  ]);
  assert.equal(feedActionOf('ArrowLeft'), 'back');
  assert.equal(feedActionOf('q'), undefined);
  assert.equal(feedActionOf('toString'), undefined);
});
