import assert from 'node:assert/strict';
import test from 'node:test';
import { SearchBox } from '../../../web/js/explore/search_box.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

/** A search box whose requests wait until the test answers them. */
function make() {
  const field = Object.assign(new EventTarget(), { value: '', blur() {} });
  const attributes = new Set();
  const form = Object.assign(new EventTarget(), {
    querySelector: () => field,
    setAttribute: (name) => attributes.add(name),
    removeAttribute: (name) => attributes.delete(name),
  });
  const clock = new FakeClock();
  const asked = [];
  const heard = [];
  const search = (text, signal) =>
    new Promise((resolve, reject) => asked.push({ text, signal, resolve, reject }));
  const box = new SearchBox(
    form,
    search,
    {
      found: (text, found) => heard.push([text, found]),
      cleared: () => heard.push('cleared'),
      failed: ({ message }) => heard.push(message),
    },
    fakeEnvironment(clock),
  );
  const type = (text) => {
    field.value = text;
    field.dispatchEvent(new Event('input'));
  };
  return { box, form, clock, asked, heard, type, attributes };
}

test('one request is sent after the last key', async () => {
  const { clock, asked, heard, type, attributes } = make();
  for (const text of ['d', 'da', ' dance ']) {
    type(text);
    await clock.advance(100);
  }
  assert.equal(asked.length, 0);
  await clock.advance(200);
  assert.deepEqual(
    asked.map(({ text }) => text),
    ['dance'],
  );
  assert.ok(attributes.has('aria-busy'));
  asked[0].resolve('found');
  await settle();
  assert.deepEqual(heard, [['dance', 'found']]);
  assert.ok(!attributes.has('aria-busy'));
});

test('the answer of an earlier request is dropped', async () => {
  const { clock, asked, heard, type } = make();
  type('da');
  await clock.advance(300);
  type('dance');
  await clock.advance(300);
  assert.equal(asked[0].signal.aborted, true);
  asked[1].resolve('new');
  await settle();
  asked[0].resolve('old');
  await settle();
  assert.deepEqual(heard, [['dance', 'new']]);
});

test('an empty field clears the results without a request', async () => {
  const { clock, asked, heard, type } = make();
  type('da');
  await clock.advance(300);
  type(' ');
  await clock.advance(1);
  asked[0].reject(new Error('aborted'));
  await settle();
  assert.deepEqual([heard, asked.length], [['cleared'], 1]);
});

test('Enter searches at once, and a failure is shown', async () => {
  const { form, asked, heard, type, clock } = make();
  type('dance');
  form.dispatchEvent(new Event('submit', { cancelable: true }));
  asked[0].reject(new Error('No server.'));
  await settle();
  await clock.advance(1_000);
  assert.deepEqual([heard, asked.length], [['No server.'], 1]);
});

test('a closed box sends no more requests', async () => {
  const { box, clock, asked, type } = make();
  type('dance');
  box.close();
  await clock.advance(1_000);
  assert.deepEqual([asked.length, clock.timers], [0, 0]);
});
