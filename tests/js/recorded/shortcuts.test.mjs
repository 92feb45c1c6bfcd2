// The keyboard shortcuts of the pages of clips and replays.
import assert from 'node:assert/strict';
import test from 'node:test';
import { listenForShortcuts } from '../../../web/js/recorded/shortcuts.js';
import { fakePage } from '../fixtures/fake_page.mjs';

test('a shortcut acts, unless the key belongs to an element, a dialog or the browser', () => {
  fakePage();
  let dialog = null;
  document.querySelector = () => dialog;
  let pressed = 0;
  listenForShortcuts({ k: () => pressed++, ' ': () => pressed++ });
  const { body } = document;
  /** Whether the page takes the key. */
  const press = (key, target = body, more = {}) => {
    const event = new Event('keydown', { cancelable: true });
    Object.assign(event, { key, ...more });
    Object.defineProperty(event, 'target', { value: target });
    const before = pressed;
    document.dispatchEvent(event);
    assert.equal(event.defaultPrevented, pressed > before);
    return pressed > before;
  };
  const [button, input] = [{ tagName: 'BUTTON' }, { tagName: 'INPUT', type: 'text' }];
  assert.deepEqual([press('k'), press(' '), press('x')], [true, true, false]);
  assert.deepEqual(
    [press('k', button), press(' ', button), press('k', input)],
    [true, false, false],
  );
  assert.equal(press('k', body, { ctrlKey: true }), false);
  dialog = {};
  assert.equal(press('k'), false);
});
