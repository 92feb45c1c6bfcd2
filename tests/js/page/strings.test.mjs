// Texts in the reader's language: values, numbers, plurals, particles.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { withParticle } from '../../../web/js/page/particles.js';
import { hasText, shortNumber, t, useStrings } from '../../../web/js/page/strings.js';
import { timeOfDay } from '../../../web/js/page/words.js';

const TABLE = {
  room: {
    joined: '{name:이가} 들어왔어요',
    hi: 'Hi {name}',
    viewers: { one: '{count} viewer', other: '{count} viewers' },
  },
};
const CASES = JSON.parse(
  readFileSync(new URL('../../web/particles.json', import.meta.url), 'utf8'),
);

test('a particle suits its word', () => {
  for (const [word, name, expected] of CASES) assert.equal(withParticle(word, name), expected);
});

test('texts get their values, particles and plurals', () => {
  useStrings('en', TABLE);
  assert.equal(t('room.hi', { name: '$& {name}' }), 'Hi $& {name}');
  assert.equal(t('room.joined', { name: '지훈' }), '지훈이 들어왔어요');
  assert.deepEqual(
    [0, 1, 2, 12_345].map((count) => t('room.viewers', { count })),
    ['0 viewers', '1 viewer', '2 viewers', '12.3K viewers'],
  );
});

test('numbers and times are written as the language writes them', () => {
  useStrings('ko', {});
  assert.deepEqual([shortNumber(999), shortNumber(12_000)], ['999', '1.2만']);
  assert.match(timeOfDay(0), /^(오전|오후) \d+:\d\d$/);
  useStrings('en', {});
  assert.deepEqual([shortNumber(999), shortNumber(12_000)], ['999', '12K']);
});

test('a missing text or value is an error', () => {
  useStrings('en', TABLE);
  for (const key of ['room', 'room.other', 'room.hi.there', 'constructor', 'room.hi'])
    assert.throws(() => t(key), /there is no text|needs the value/);
  assert.deepEqual(
    ['room.hi', 'room', 'room.toString'].map((key) => hasText(key)),
    [true, false, false],
  );
});
