// Every gesture has a button for keyboards and screen readers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { GESTURES, SHORTCUTS, actionOf, actionOfKey } from '../../../web/js/page/gesture_table.js';

const template = ['room.html', 'room_social.html', 'rewind_bar.html']
  .map((name) => readFileSync(new URL(`../../../web/${name}`, import.meta.url), 'utf8'))
  .join('');

test('each gesture and shortcut has a button with a name', () => {
  for (const { button } of [...GESTURES, ...SHORTCUTS]) {
    const [tag] =
      template.match(new RegExp(`<button[^>]*data-part="${button}"[^]*?</button>`)) ?? [];
    assert.ok(tag, button);
    assert.match(tag, /aria-label="\{\{|<\/svg>\{\{ t\(/, button);
  }
});

test('the table says what each gesture does', () => {
  assert.equal(actionOf('picture', 'tap', 'muted'), 'sound');
  assert.equal(actionOf('picture', 'tap', 'sounding'), 'controls');
  assert.equal(actionOf('picture', 'double-tap', 'muted'), 'heart');
  assert.equal(actionOf('picture', 'hold'), undefined);
  assert.equal(actionOf('heart', 'hold'), 'emoji');
  assert.equal(actionOf('clip', 'tap'), 'clip');
  assert.equal(actionOf('message', 'hold'), 'sheet');
  assert.deepEqual(['m', 's', 'f', 'c', 'h', 'l', 'e', 'x'].map(actionOfKey), [
    'sound',
    'stats',
    'full',
    'clip',
    'fold',
    'heart',
    'emoji',
    undefined,
  ]);
  assert.deepEqual(['ArrowLeft', 'ArrowRight', 'k'].map(actionOfKey), ['back', 'ahead', 'pause']);
});

test('no gesture of a place means two things', () => {
  const keys = GESTURES.map(({ place, gesture, when = '' }) => `${place} ${gesture} ${when}`);
  assert.equal(new Set(keys).size, keys.length);
});
