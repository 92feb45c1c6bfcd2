// The reasons of the feed in words.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { reasonRows, reasonText } from '../../../web/js/feed/reasons.js';

test('reasons are sentences with what they are about', () => {
  assert.equal(reasonText({ code: 'tag', weight: 1, detail: 'cats' }), 'You stay with #cats');
  assert.equal(reasonText({ code: 'tag', weight: 1 }), 'You stay with its tags');
  assert.equal(reasonText({ code: 'tag', weight: -1 }), 'You often skip its tags');
  assert.equal(reasonText({ code: 'tag', weight: -1, detail: 'cats' }), 'You often skip #cats');
  assert.equal(reasonText({ code: 'fresh', weight: -1 }), 'It is new');
  assert.equal(reasonText({ code: 'unheard_of', weight: 1 }), '');
});

test('the strongest comes first, with its share', () => {
  const rows = reasonRows([
    { code: 'fresh', weight: 0.5 },
    { code: 'seen', weight: -1.5 },
    { code: 'unheard_of', weight: 9 },
    { code: 'explore', weight: 0 },
  ]);
  assert.deepEqual(rows, [
    { text: 'You saw it before', share: -0.75 },
    { text: 'It is new', share: 0.25 },
  ]);
});
