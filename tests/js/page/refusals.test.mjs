// Words for refusals.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { refusalOf, refusalOfClose, wordsFor } from '../../../web/js/page/refusals.js';

test('a code has words of the page, and an unknown one those of the server', () => {
  assert.equal(wordsFor('room_ended', 'gone'), 'This live has ended.');
  assert.equal(wordsFor('new_code', 'gone'), 'gone');
  assert.equal(wordsFor('constructor', 'gone'), 'gone');
});

test('refusals are read from bodies and from close reasons', () => {
  assert.deepEqual(refusalOf('{"error":"x","code":"room_ended"}'), {
    code: 'room_ended',
    text: 'This live has ended.',
  });
  assert.deepEqual(refusalOf('<html>502'), { code: '', text: '<html>502' });
  assert.deepEqual(refusalOfClose('too_new: some: text'), { code: 'too_new', text: 'some: text' });
  assert.deepEqual(refusalOfClose(''), { code: '', text: '' });
});
