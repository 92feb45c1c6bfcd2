// The service worker (web/sw.js): pushes, and what a tap on a notification opens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runInNewContext } from 'node:vm';

const SCRIPT = readFileSync(new URL('../../web/sw.js', import.meta.url), 'utf8');
const WORDS = {
  en: { live: '{name} is live', soon: '{name} goes live at {time}', untitled: 'Tap to watch' },
  ko: { live: '{name} 님이 라이브 중', soon: '{name} {time}', untitled: '눌러서 보기' },
};
const ORIGIN = 'https://live.example';

/** A worker with a browser around it. `windows`: URLs of the open windows. */
function worker({ languages = ['en-GB'], windows = [], badge = false, answers = {} } = {}) {
  const listeners = {};
  const seen = { shown: [], opened: [], focused: [], badges: [], asked: [], subscribed: [] };
  const pushManager = {
    subscribe: async (options) => {
      seen.subscribed.push(options.applicationServerKey);
      return { endpoint: 'https://push.example/new' };
    },
  };
  const self = {
    location: { origin: ORIGIN },
    addEventListener: (name, listener) => (listeners[name] = listener),
    registration: {
      pushManager,
      showNotification: async (title, options) => seen.shown.push({ title, ...options }),
    },
    clients: {
      matchAll: async (options) => {
        assert.ok(options.includeUncontrolled); // no room is in the scope of the worker
        return windows.map((url) => ({ url, focus: async () => seen.focused.push(url) }));
      },
      openWindow: async (url) => seen.opened.push(url),
    },
  };
  const navigator = { languages };
  if (badge) navigator.setAppBadge = async (count) => seen.badges.push(count);
  const fetch = async (path, options = {}) => {
    seen.asked.push([path, options.body]);
    return { ok: true, json: async () => answers[path] };
  };
  const SHELL = { cache: 'shell', pages: [], files: [], icon: '/icon.png', words: WORDS };
  runInNewContext(SCRIPT, { self, navigator, fetch, SHELL, URL, caches: {}, console });
  const dispatch = async (name, event) => {
    const waits = [];
    listeners[name]({ ...event, waitUntil: (promise) => waits.push(promise) });
    await Promise.all(waits);
    return seen;
  };
  return { seen, dispatch };
}

const push = (message) => ({ data: { json: () => message } });
const click = (path) => ({ notification: { data: path, close: () => {} } });
const LIVE = { kind: 'live', name: '하늘별', title: 'A run', url: '/r/abc', language: null };

test('a push about a live', async () => {
  const { shown, asked } = await worker().dispatch('push', push(LIVE));
  assert.equal(shown.length, 1);
  const [{ title, body, tag, data, lang }] = shown;
  assert.deepEqual(
    [title, body, tag, data, lang],
    ['하늘별 is live', 'A run', '/r/abc', '/r/abc', 'en'],
  );
  assert.deepEqual(asked, []);
});

test('the chosen language, then the language of the browser', async () => {
  const korean = await worker().dispatch('push', push({ ...LIVE, title: '', language: 'ko' }));
  assert.deepEqual(
    [korean.shown[0].title, korean.shown[0].body],
    ['하늘별 님이 라이브 중', '눌러서 보기'],
  );
  const browser = await worker({ languages: ['fr', 'ko-KR'] }).dispatch('push', push(LIVE));
  assert.equal(browser.shown[0].lang, 'ko');
  const neither = await worker({ languages: ['fr'] }).dispatch('push', push(LIVE));
  assert.equal(neither.shown[0].lang, 'en');
});

test('a reminder shows the time of the reader’s zone', async () => {
  const at = '2027-01-15T08:00:00+00:00';
  const soon = { ...LIVE, kind: 'soon', at, url: '/@하늘별' };
  const { shown } = await worker().dispatch('push', push(soon));
  const time = new Intl.DateTimeFormat('en', { timeStyle: 'short' }).format(new Date(at));
  assert.equal(shown[0].title, `하늘별 goes live at ${time}`);
});

test('a push without a message, or with an unknown one, shows a notification', async () => {
  const broken = { data: { json: () => JSON.parse('{') } };
  for (const event of [{ data: null }, broken, push(null), push({ kind: 'other' })]) {
    const { shown } = await worker().dispatch('push', event);
    assert.equal(shown[0].title, 'microlive');
    assert.equal(shown[0].data, '/');
  }
});

test('the badge of the installed app', async () => {
  const answers = { '/api/me/follows/live': { live: 3 } };
  const { badges } = await worker({ badge: true, answers }).dispatch('push', push(LIVE));
  assert.deepEqual(badges, [3]);
});

test('a tap opens the room, or the window that shows it', async () => {
  const opened = await worker({ windows: [`${ORIGIN}/`] }).dispatch(
    'notificationclick',
    click('/r/abc'),
  );
  assert.deepEqual([opened.opened, opened.focused], [[`${ORIGIN}/r/abc`], []]);
  const windows = [`${ORIGIN}/`, `${ORIGIN}/r/abc?x=1`];
  const focused = await worker({ windows }).dispatch('notificationclick', click('/r/abc'));
  assert.deepEqual([focused.opened, focused.focused], [[], [windows[1]]]);
});

test('a tap opens no other site', async () => {
  const { opened } = await worker().dispatch('notificationclick', click('https://evil.example/'));
  assert.deepEqual(opened, []);
});

test('a subscription that was replaced is sent again', async () => {
  const answers = { '/api/push/key': { key: 'KEY' } };
  const own = await worker({ answers }).dispatch('pushsubscriptionchange', {});
  assert.deepEqual(own.subscribed, ['KEY']);
  assert.deepEqual(own.asked[1], [
    '/api/push/subscriptions',
    JSON.stringify({ endpoint: 'https://push.example/new' }),
  ]);
  const newSubscription = { endpoint: 'https://push.example/given' };
  const given = await worker({ answers }).dispatch('pushsubscriptionchange', { newSubscription });
  assert.deepEqual([given.subscribed, given.asked[1][1]], [[], JSON.stringify(newSubscription)]);
});
