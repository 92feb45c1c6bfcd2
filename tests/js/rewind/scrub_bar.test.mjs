// The bar of an instant replay.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { ScrubBar } from '../../../web/js/rewind/scrub_bar.js';
import { fakePage } from '../fixtures/fake_page.mjs';

const NONE = { scrub() {}, jump() {}, toggle() {}, leave() {} };

/** A bar whose part `focus` has the focus of a keyboard, and the elements of its stage by part. */
function barOf({ actions = NONE, focus = '' } = {}) {
  const page = fakePage();
  const part = (selector) => page(selector.slice('[data-part="'.length, -2));
  const [root, stage] = [page('root'), page('stage')];
  root.querySelector = (selector) =>
    selector === ':focus-visible' ? focus && page(focus) : part(selector);
  root.style = { setProperty() {} };
  root.remove = () => void (stage.children = []);
  stage.querySelector = part;
  const template = { content: { firstElementChild: { cloneNode: () => root } } };
  return { page, root, stage, bar: new ScrubBar(stage, template, actions) };
}

test('the focus of a keyboard returns to the button that begins a replay', () => {
  const { page, root, stage, bar } = barOf({ focus: 'rewind-live' });
  assert.deepEqual(stage.children, [root]);
  bar.close();
  assert.deepEqual([stage.children, page('rewind').focused], [[], true]);
});

test('without a focus in the bar, the focus stays where it is', () => {
  const { page, bar } = barOf();
  bar.close();
  assert.equal(page('rewind').focused, false);
});

test('keys move by steps, and leave the replay', () => {
  const done = [];
  const actions = {
    ...NONE,
    jump: (seconds) => done.push(seconds),
    leave: () => done.push('leave'),
    toggle: () => done.push('toggle'),
  };
  const { page } = barOf({ actions });
  for (const key of ['ArrowLeft', 'ArrowUp', 'PageDown', 'Home', 'x', 'k', 'End'])
    page('rewind-slider').dispatchEvent(Object.assign(new Event('keydown'), { key }));
  assert.deepEqual(done, [-5, 5, -15, -Infinity, 'toggle', 'leave']);
});

test('the time and the label say how far the moment is behind the live', () => {
  const { page, root, bar } = barOf();
  bar.show({ length: 90.2, behind: 65, paused: true, waiting: false });
  assert.equal(page('rewind-time').textContent, '−1:05');
  assert.equal(page('rewind-slider').min, '-91');
  assert.equal(page('rewind-pause').attributes['aria-pressed'], 'true');
  assert.equal(root.dataset.waiting, 'false');
});
