// Links and mentions in messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import { partsOf } from '../../../web/js/chat/text_parts.js';

const kinds = (text, links) => partsOf(text, links).map(({ kind, text: part }) => [kind, part]);

test('a link is plain text until the creator allows links', () => {
  const text = 'see https://a.example/b?c=1, please';
  assert.deepEqual(kinds(text, false), [['text', text]]);
  assert.deepEqual(kinds(text, true), [
    ['text', 'see '],
    ['link', 'https://a.example/b?c=1'],
    ['text', ', please'],
  ]);
});

test('only addresses of pages are links', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'https://bank.example@evil.example/',
    'https://',
    '<a href="x">',
  ])
    assert.ok(
      partsOf(text, true).every(({ kind }) => kind !== 'link'),
      text,
    );
});

test('mentions of every script are marked, and the text stays the same', () => {
  assert.deepEqual(kinds('안녕 @다크걸! @ x', false), [
    ['text', '안녕 '],
    ['mention', '@다크걸'],
    ['text', '! @ x'],
  ]);
  for (const text of ['a@b.example', '@', '@@@', 'https://x.example/@y', ''])
    assert.equal(
      partsOf(text, true)
        .map((part) => part.text)
        .join(''),
      text,
    );
});
