/** Registers the service worker (web/sw.js), which keeps the files of the installed app. */
import { BROWSER } from './environment.js';

const SCOPE = '/?'; // start_url of the manifest begins with this; no room is in it
const AFTER = 2_000; // ms after the page has loaded, so that the page's own requests come first

/**
 * Registers the service worker if necessary, and waits until it is active. No page but the start page
 * is in its scope, so `navigator.serviceWorker.ready` would wait for ever.
 * @returns {Promise<ServiceWorkerRegistration | null>}  null if the browser allows no service worker
 */
export async function activeServiceWorker() {
  if (!isPossible()) return null;
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', { scope: SCOPE });
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) await activated(coming);
    return registration;
  } catch {
    return null;
  }
}

/**
 * @param {ServiceWorker} worker
 * @returns {Promise<void>}
 */
function activated(worker) {
  return new Promise((resolve, reject) => {
    const check = () => {
      if (worker.state === 'activated') resolve();
      else if (worker.state === 'redundant') reject(new Error('the service worker is redundant'));
    };
    worker.addEventListener('statechange', check);
    check();
  });
}

/** With --dev, the server's sources may change at any time, so do not keep them. */
function isPossible() {
  return Boolean(navigator.serviceWorker) && !import.meta.url.includes('/assets/dev/');
}

/**
 * Registers the service worker when the page has loaded. Does nothing if the browser has no service
 * workers, for example in a page without HTTPS.
 * @param {Pick<import('./environment.js').Environment, 'setTimeout'>} [environment]
 */
export function registerServiceWorker(environment = BROWSER) {
  if (!isPossible()) return;
  const register = () =>
    environment.setTimeout(() => {
      // Some browsers allow no service worker in a private window.
      navigator.serviceWorker.register('/sw.js', { scope: SCOPE }).catch(() => {});
    }, AFTER);
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
}
