// Who uses this browser, as the views of a page share it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Identity } from '../../../web/js/people/identity.js';

const ME = {
  person: { id: 'p', name: '민지', colour: 3, handle: null },
  guest: true,
  language: null,
  passkeys: false,
  delete_at: null,
};

/** An API that records its calls. */
function fakeApi(answers = {}) {
  const calls = [];
  const api = new Proxy(
    {},
    {
      get:
        (_, name) =>
        async (...values) => {
          calls.push([name, ...values]);
          const answer = answers[name];
          return typeof answer === 'function' ? answer() : answer;
        },
    },
  );
  return { api, calls };
}

test('the server is asked once, and first for the person, whose cookie the rest needs', async () => {
  const { api, calls } = fakeApi({ me: ME, hidden: [{ id: 'h' }], follows: [{ id: 'f' }] });
  const identity = new Identity(api);
  await Promise.all([identity.load(), identity.load()]);
  assert.deepEqual(calls, [['me'], ['hidden'], ['follows']]);
  assert.deepEqual(
    [identity.me.person.name, identity.hides('h'), identity.follows('f'), identity.hides('f')],
    ['민지', true, true, false],
  );
});

test('a page on which people only read asks for the hidden people, and for nothing else', async () => {
  const { api, calls } = fakeApi({ hidden: [{ id: 'h' }] });
  const identity = new Identity(api);
  let changes = 0;
  identity.onChange(() => changes++);
  await identity.loadHidden();
  assert.deepEqual([calls, changes], [[['hidden']], 1]);
  assert.deepEqual([identity.hides('h'), identity.hides('i'), identity.me], [true, false, null]);
});

test('a failed load is tried again by the next call', async () => {
  let fails = true;
  const { api } = fakeApi({
    me: () => {
      if (fails) throw new Error('away');
      return ME;
    },
    hidden: [],
    follows: [],
  });
  const identity = new Identity(api);
  await assert.rejects(identity.load());
  fails = false;
  assert.equal((await identity.load()).person.id, 'p');
});

test('each change is stored, then reported; a refused change is not', async () => {
  let refused = false;
  const { api, calls } = fakeApi({
    me: ME,
    hidden: [],
    follows: [],
    takeHandle: { person: { ...ME.person, handle: '다크걸' }, recovery_code: 'code' },
    follow: { followers: 4 },
    hide: () => {
      if (refused) throw new Error('no');
    },
  });
  const identity = new Identity(api);
  await identity.load();
  let changes = 0;
  const off = identity.onChange(() => changes++);
  assert.equal(await identity.takeHandle('다크걸'), 'code');
  assert.deepEqual([identity.me.person.handle, identity.me.guest], ['다크걸', false]);
  assert.equal(await identity.follow('x'), 4);
  await identity.hide('y');
  assert.ok(identity.follows('x') && identity.hides('y'));
  refused = true;
  await assert.rejects(identity.hide('z'));
  assert.ok(!identity.hides('z'));
  off();
  await identity.hide('y', false);
  assert.equal(changes, 3);
  assert.deepEqual(calls.at(-1), ['unhide', 'y']);
});
