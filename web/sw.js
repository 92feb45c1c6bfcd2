// The service worker: keeps the files of the pages, so that an installed microlive opens at once
// and without a network. Its scope is /?, the start page of the app. The worker answers only
// requests of the start page for these files, and navigations to the start page while the server
// cannot be reached. The worker never touches rooms, media or the API.
//
// The server puts SHELL before this script: the name of the cache, the pages and the URLs of the
// files. A URL contains the hash of the content, so a file in the cache is never out of date. The
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
