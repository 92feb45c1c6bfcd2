// Taps on the picture, and taps on the controls that lie over it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Gestures } from '../../../web/js/page/gestures.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';

globalThis.window = new EventTarget();

/** Counts the taps that a tap on an element with this tag causes. */
function tapsOn(tag) {
  const handlers = {};
  const stage = { addEventListener: (type, handler) => void (handlers[type] = handler) };
  const target = {
    closest: (selector) => (selector.split(', ').includes(tag) ? { contains: () => false } : null),
  };
  let taps = 0;
  new Gestures(stage, { tap: () => taps++ }, fakeEnvironment(new FakeClock()));
  handlers.pointerdown({ button: 0, clientX: 9, clientY: 9, target });
  handlers.pointerup({ timeStamp: 50 });
  return taps;
}

test('a tap on the picture is a gesture, a tap on a control is none', () => {
  assert.equal(tapsOn('video'), 1);
  for (const tag of ['a', 'button', 'input', 'select', 'textarea', 'dialog'])
    assert.equal(tapsOn(tag), 0, tag);
});
