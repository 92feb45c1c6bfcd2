// The service worker: keeps the files of the pages, so that an installed microlive opens at once
// and without a network. Its scope is /?, the start page of the app. The worker answers only
// requests of the start page for these files, and navigations to the start page while the server
// cannot be reached. The worker never touches rooms, media or the API.
//
// The worker also shows pushes, for which its scope does not matter: a push belongs to a worker, not
// to a page.
//
// The server puts SHELL before this script: the name of the cache, the pages and the URLs of the
// files, and the icon and the words of notifications in each language. A URL contains the hash of the content, so a file in the cache is never out of date. The
// files of a room's page are not in this cache, because the browser's own cache answers sooner.
/* global SHELL */

const KEPT = 2; // number of caches: one for this version, one for pages of the previous version

self.addEventListener('install', (event) => {
  // In browsers with static routes, only a navigation to / starts this worker.
  event.addRoutes?.([
    {
      condition: { or: SHELL.files.map((pathname) => ({ urlPattern: { pathname } })) },
      source: { cacheName: SHELL.cache },
    },
    { condition: { urlPattern: { pathname: '/' }, requestMode: 'navigate' }, source: 'fetch-event' },
    { condition: { urlPattern: { pathname: '/*' } }, source: 'network' },
  ]);
  event.waitUntil(
    caches
      .open(SHELL.cache)
      .then((cache) => cache.addAll([...SHELL.pages, ...SHELL.files]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys().then((names) => {
      const others = names.filter((name) => name !== SHELL.cache);
      return Promise.all(others.slice(0, 1 - KEPT || undefined).map((name) => caches.delete(name)));
    }),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin || request.method !== 'GET') return;
  if (SHELL.files.includes(pathname))
    event.respondWith(fromCache(request.url).then((found) => found ?? fetch(request)));
  else if (pathname === '/' && request.mode === 'navigate')
    event.respondWith(
      fetch(request).catch(async () => (await fromCache('/')) ?? Response.error()),
    );
});

/** @param {string} url */
async function fromCache(url) {
  const cache = await caches.open(SHELL.cache);
  return cache.match(url, { ignoreVary: true });
}

// Pushes (server/push/message.py)

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

self.addEventListener('pushsubscriptionchange', (event) =>
  event.waitUntil(renew(event.newSubscription)),
);

/** @param {PushMessageData | null} data */
async function show(data) {
  // A push must show a notification (`userVisibleOnly`), whatever it contains.
  const { kind, name = 'microlive', title, at, url = '/', language } = read(data);
  const lang = languageOf(language);
  const words = SHELL.words[lang];
  const time = at ? new Intl.DateTimeFormat(lang, { timeStyle: 'short' }).format(new Date(at)) : '';
  const heading = (words[kind] ?? '{name}').replace(/\{(\w+)\}/g, (_, key) => ({ name, time })[key]);
  await self.registration.showNotification(heading, {
    body: title || words.untitled,
    tag: url, // a second push about the same live replaces the first one
    icon: SHELL.icon,
    lang,
    data: url,
  });
  await showBadge().catch(() => {});
}

/** @param {PushMessageData | null} data */
function read(data) {
  try {
    return Object(data?.json());
  } catch {
    return {};
  }
}

/** @param {string | null | undefined} chosen */
function languageOf(chosen) {
  const wanted = [chosen, ...navigator.languages].map((tag) => String(tag).slice(0, 2));
  return wanted.find((tag) => Object.hasOwn(SHELL.words, tag)) ?? 'en';
}

/** The badge of the installed app: how many followed people are live. */
async function showBadge() {
  if (!('setAppBadge' in navigator)) return;
  const answer = await fetch('/api/me/follows/live');
  if (answer.ok) await navigator.setAppBadge((await answer.json()).live);
}

/**
 * Shows a page of this server: in a window that shows the page already, or in a new one.
 * @param {unknown} path
 */
async function open(path) {
  const url = new URL(String(path), self.location.origin);
  if (url.origin !== self.location.origin) return;
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const shown = windows.find((window) => new URL(window.url).pathname === url.pathname);
  await (shown ? shown.focus() : self.clients.openWindow(url.href));
}

/**
 * The browser or its push service has replaced the subscription.
 * @param {PushSubscription | null | undefined} given
 */
async function renew(given) {
  const { key } = await (await fetch('/api/push/key')).json();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = given ?? (await self.registration.pushManager.subscribe(options));
  await fetch('/api/push/subscriptions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(subscription),
  });
}
