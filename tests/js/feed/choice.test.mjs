// What the viewer chose for the feed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Choice } from '../../../web/js/feed/choice.js';
import { fakeStore } from './fake_store.mjs';

test('a mood lasts an hour', () => {
  const choice = new Choice(fakeStore());
  assert.equal(choice.moodAt(0), '');
  choice.setMood('calm', 1_000);
  assert.equal(choice.moodAt(3_600_000), 'calm');
  assert.equal(choice.moodAt(3_601_000), '');
  assert.equal(choice.moodAt(0), '', 'the clock went back');
  choice.setMood('', 2_000);
  assert.equal(choice.moodAt(2_000), '');
});

test('an unknown mode or mood in the store counts as none', () => {
  const choice = new Choice(
    fakeStore({ feed_mode: 'loudest', feed_mood: { mood: 'x', since: 0 } }),
  );
  assert.equal(choice.mode, 'for_you');
  assert.equal(choice.moodAt(1), '');
  choice.mode = 'follows';
  assert.equal(choice.mode, 'follows');
});
