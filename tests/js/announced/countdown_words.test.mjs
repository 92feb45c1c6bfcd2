import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { startOf, untilStart } from '../../../web/js/announced/countdown_words.js';

test('the time until a start is counted in seconds on the last day, in days before', () => {
  assert.equal(untilStart(3 * 86_400 + 5), 'in 3 days');
  assert.equal(untilStart(86_400), 'in 1 day');
  assert.equal(untilStart(86_399.2), 'in 24:00:00');
  assert.equal(untilStart(3_912), 'in 1:05:12');
  assert.equal(untilStart(0.4), 'in 0:01');
  assert.equal(untilStart(0), 'About to begin');
  assert.equal(untilStart(-60), 'About to begin');
});

test('a start names its day, its time and the zone', () => {
  const text = startOf(Date.UTC(2026, 10, 28, 12, 30) / 1_000);
  assert.match(text, /Nov 2[789]/);
  assert.match(text, /:30/);
  assert.match(text, /UTC|GMT|[A-Z]{2,5}/);
});
