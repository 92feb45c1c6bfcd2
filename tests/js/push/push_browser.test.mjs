// Pushes to this browser: what is possible, and the switch.
import assert from 'node:assert/strict';
import test from 'node:test';

import { AppBadge } from '../../../web/js/push/app_badge.js';
import { PushBrowser } from '../../../web/js/push/push_browser.js';

/** Replaces a global until the test ends; undefined removes it. */
function replace(t, name, value) {
  const former = Object.getOwnPropertyDescriptor(globalThis, name);
  if (value === undefined) delete globalThis[name];
  else Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  t.after(() => {
    if (former) Object.defineProperty(globalThis, name, former);
    else delete globalThis[name];
  });
}

/** A browser with pushes. */
function browser(t, { permission = 'default', answer = 'granted', former = false } = {}) {
  const seen = { sent: [], removed: [], ended: 0, keys: [] };
  const stored = new Map();
  let subscription = former ? made() : null;
  function made() {
    return {
      toJSON: () => ({ endpoint: 'https://push.example/1' }),
      unsubscribe: async () => {
        subscription = null;
        seen.ended += 1;
      },
    };
  }
  const pushManager = {
    getSubscription: async () => subscription,
    subscribe: async ({ applicationServerKey, userVisibleOnly }) => {
      assert.ok(userVisibleOnly);
      seen.keys.push(applicationServerKey);
      if (subscription) throw new Error('InvalidStateError');
      return (subscription = made());
    },
  };
  const Notification = {
    permission,
    requestPermission: async () => (Notification.permission = answer),
  };
  replace(t, 'Notification', Notification);
  replace(t, 'PushManager', class {});
  replace(t, 'isSecureContext', true);
  replace(t, 'navigator', { serviceWorker: {}, userAgent: 'Firefox', maxTouchPoints: 0 });
  replace(t, 'localStorage', {
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => stored.set(name, value),
    removeItem: (name) => stored.delete(name),
  });
  const api = {
    key: async () => 'KEY',
    subscribe: async (value) => seen.sent.push(value.endpoint),
    subscriptions: async () => [
      { id: 'other', current: false },
      { id: 'mine', current: true },
    ],
    unsubscribe: async (id) => seen.removed.push(id),
  };
  return { seen, api, push: new PushBrowser(api, async () => ({ pushManager })) };
}

test('the switch is turned on and off', async (t) => {
  const { seen, push } = browser(t);
  assert.equal(await push.state(), 'off');
  assert.equal(await push.turnOn(), 'on');
  assert.equal(await push.state(), 'on');
  assert.deepEqual([seen.keys, seen.sent], [['KEY'], ['https://push.example/1']]);
  assert.equal(await push.turnOff(), 'off');
  assert.deepEqual([seen.removed, seen.ended], [['mine'], 1]);
});

test('a refused permission', async (t) => {
  const { seen, push } = browser(t, { answer: 'denied' });
  assert.equal(await push.turnOn(), 'denied');
  assert.deepEqual(seen.sent, []);
});

test('a subscription for another key is replaced', async (t) => {
  const { seen, push } = browser(t, { former: true });
  assert.equal(await push.turnOn(), 'on');
  assert.deepEqual([seen.ended, seen.keys], [1, ['KEY', 'KEY']]);
});

test('the subscription is sent again daily, and for another person', async (t) => {
  const { seen, push } = browser(t);
  const now = Date.now();
  await push.renew('ann', now);
  assert.deepEqual(seen.sent, [], 'pushes were never turned on');
  await push.turnOn();
  await push.renew('ann', now);
  await push.renew('ann', now + 3_600_000);
  assert.equal(seen.sent.length, 2);
  await push.renew('ann', now + 25 * 3_600_000);
  assert.equal(seen.sent.length, 3);
  await push.renew('bob', now + 25 * 3_600_000);
  assert.equal(seen.sent.length, 4);
  await push.turnOff();
  await push.renew('ann', now);
  assert.equal(seen.sent.length, 4);
});

test('a server without pushes', async (t) => {
  const { api, push } = browser(t);
  api.key = async () => Promise.reject(new Error('push_off'));
  assert.equal(await push.state(), 'impossible');
  api.key = async () => 'KEY';
  assert.equal(await push.state(), 'off');
});

test('browsers without pushes', async (t) => {
  const { push } = browser(t);
  replace(t, 'isSecureContext', false);
  assert.equal(await push.state(), 'impossible');
  replace(t, 'PushManager', undefined);
  assert.equal(await push.state(), 'impossible');
  replace(t, 'navigator', { userAgent: 'iPhone', maxTouchPoints: 5 });
  assert.equal(await push.state(), 'install');
});

test('the badge shows how many followed people are live', async (t) => {
  const badges = [];
  const timers = [];
  const listeners = new Set();
  replace(t, 'navigator', { setAppBadge: async (count) => badges.push(count) });
  replace(t, 'document', {
    hidden: false,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  });
  replace(t, 'matchMedia', () => ({ matches: true }));
  let live = 2;
  const environment = { setTimeout: (run) => timers.push(run), clearTimeout: () => {} };
  const badge = new AppBadge(async () => live, environment);
  badge.start();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([badges, timers.length], [[2], 1]);
  live = 0;
  await badge.refresh();
  assert.deepEqual(badges, [2, 0]);
  badge.close();
  assert.equal(listeners.size, 0);
  replace(t, 'matchMedia', () => ({ matches: false }));
  badge.start();
  assert.equal(listeners.size, 0, 'only the installed app has a badge');
});
