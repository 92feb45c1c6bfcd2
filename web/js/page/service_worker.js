/** Registers the service worker (web/sw.js), which keeps the files of the installed app. */
import { BROWSER } from './environment.js';

const SCOPE = '/?'; // start_url of the manifest begins with this; no room is in it
const AFTER = 2_000; // ms after the page has loaded, so that the page's own requests come first

/**
 * Registers the service worker when the page has loaded. Does nothing if the browser has no service
 * workers, for example in a page without HTTPS.
 * @param {Pick<import('./environment.js').Environment, 'setTimeout'>} [environment]
 */
export function registerServiceWorker(environment = BROWSER) {
  // A server with --dev serves sources that may change at any time, so do not keep them.
  if (!navigator.serviceWorker || import.meta.url.includes('/assets/dev/')) return;
  const register = () =>
    environment.setTimeout(() => {
      // Some browsers allow no service worker in a private window.
      navigator.serviceWorker.register('/sw.js', { scope: SCOPE }).catch(() => {});
    }, AFTER);
  if (document.readyState === 'complete') register();
  else window.addEventListener('load', register, { once: true });
}
