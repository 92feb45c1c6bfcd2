// What a key press means, depending on the element that has the focus.
import assert from 'node:assert/strict';
import test from 'node:test';
import { directionOf, isTyping } from '../../../web/js/page/key_press.js';

test('arrow keys move a slider, other keys and combinations do not', () => {
  const keys = ['ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'Home', 'a'];
  assert.deepEqual(
    keys.map((key) => directionOf({ key })),
    [-1, -1, 1, 1, 0, 0],
  );
  assert.equal(directionOf({ key: 'ArrowLeft', altKey: true }), 0);
});

test('a slider and a button leave letters to the shortcuts, fields and lists do not', () => {
  assert.equal(isTyping({ tagName: 'INPUT', type: 'range' }), false);
  assert.equal(isTyping({ tagName: 'BUTTON', type: 'submit' }), false);
  assert.equal(isTyping({ tagName: 'BODY' }), false);
  for (const type of ['text', 'radio', 'password'])
    assert.equal(isTyping({ tagName: 'INPUT', type }), true, type);
  assert.equal(isTyping({ tagName: 'TEXTAREA', type: 'textarea' }), true);
  assert.equal(isTyping({ tagName: 'SELECT', type: 'select-one' }), true);
});
