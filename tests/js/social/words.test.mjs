// Who joined, in both languages, and the keyboard.
import assert from 'node:assert/strict';
import test from 'node:test';
import { table } from '../fixtures/english.mjs';
import { useStrings } from '../../../web/js/page/strings.js';
import { textOf } from '../../../web/js/social/joins.js';
import { secondsLeft } from '../../../web/js/social/countdown.js';
import { liftOf } from '../../../web/js/social/keyboard.js';

test('joins are named softly', () => {
  useStrings('en', table('en'));
  assert.equal(textOf(['민지'], 0), '민지 joined');
  assert.equal(textOf(['민지'], 1), '민지 and 1 other joined');
  assert.equal(textOf(['민지', '지훈'], 11), '민지 and 12 others joined');
  assert.equal(textOf([], 3), '3 people joined');
  useStrings('ko', table('ko'));
  assert.equal(textOf(['민지'], 12), '민지님 외 12명이 들어왔어요');
});

test('only a keyboard lifts the field, not a bar of the browser or zoom', () => {
  assert.equal(liftOf({ height: 500, offsetTop: 0, scale: 1, window: 844 }), 344);
  assert.equal(liftOf({ height: 790, offsetTop: 0, scale: 1, window: 844 }), 0);
  assert.equal(liftOf({ height: 400, offsetTop: 0, scale: 2, window: 844 }), 0);
});

test('the time that is left follows the picture, not the clock of the reader', () => {
  const event = { ends_at: 100_000, media_end: 60_000_000 };
  assert.equal(secondsLeft(event, 50_500_000, 999_999), 10);
  assert.equal(secondsLeft(event, NaN, 95_000), 5);
  assert.equal(secondsLeft(event, 61_000_000, 0), 0);
  assert.equal(secondsLeft({ ends_at: null }, 1, 1), null);
});
