/**
 * The pushes to this browser: whether they are possible, and the switch. The subscription belongs to
 * the service worker, whose scope is the start page; the worker need not control the page that
 * subscribes.
 *
 * @typedef {'impossible' | 'install' | 'denied' | 'off' | 'on'} PushState
 *   `install`: iPhone and iPad allow pushes only in the app on the home screen.
 */
import { keep, recall } from '../page/store.js';
import { activeServiceWorker } from '../page/service_worker.js';
import * as pushApi from './push_api.js';

const RENEW_EVERY = 86_400_000; // ms
const STORED = 'push';

export class PushBrowser {
  #api;
  #worker;
  /** @type {Promise<string> | null} */
  #key = null;

  /**
   * @param {typeof pushApi} [api]
   * @param {() => Promise<ServiceWorkerRegistration | null>} [worker]
   */
  constructor(api = pushApi, worker = activeServiceWorker) {
    this.#api = api;
    this.#worker = worker;
  }

  /** @returns {Promise<PushState>} */
  async state() {
    if (!('Notification' in globalThis) || !('PushManager' in globalThis))
      return isApple() ? 'install' : 'impossible';
    if (!navigator.serviceWorker || !isSecureContext) return 'impossible';
    if (Notification.permission === 'denied') return 'denied';
    if (!(await this.#loadKey().catch(() => ''))) return 'impossible'; // the server sends no pushes
    const subscription = await this.#subscription();
    return subscription && Notification.permission === 'granted' ? 'on' : 'off';
  }

  /**
   * Asks the user for permission and subscribes. Call this in a user gesture.
   * @returns {Promise<PushState>}  rejects with an ApiError, or with the browser's error
   */
  async turnOn() {
    // Ask before anything else: a gesture is valid only for a short time.
    if ((await Notification.requestPermission()) !== 'granted') return this.state();
    const [key, worker] = await Promise.all([this.#loadKey(), this.#worker()]);
    if (!worker) return 'impossible';
    const subscription = await subscribe(worker, key);
    await this.#send(subscription);
    return 'on';
  }

  /** @returns {Promise<PushState>}  rejects with an ApiError */
  async turnOff() {
    const known = (await this.#api.subscriptions()).find(({ current }) => current);
    if (known) await this.#api.unsubscribe(known.id);
    await (await this.#subscription())?.unsubscribe();
    keep(STORED, null);
    return this.state();
  }

  /**
   * Sends the subscription of this browser again, once a day, and when another person signed in: the
   * server may have lost it.
   * @param {string} person
   * @param {number} [now]  ms since 1970
   */
  async renew(person, now = Date.now()) {
    const sent = recall(STORED);
    if (!sent || (sent.person === person && Math.abs(now - sent.at) < RENEW_EVERY)) return;
    if ((await this.state()) !== 'on') return;
    const subscription = await this.#subscription();
    if (subscription) await this.#send(subscription, person, now);
  }

  /** @returns {Promise<string>}  rejects with an ApiError; the next call then tries again */
  #loadKey() {
    this.#key ??= this.#api.key().catch((error) => {
      this.#key = null;
      throw error;
    });
    return this.#key;
  }

  async #subscription() {
    const worker = await this.#worker();
    return (await worker?.pushManager.getSubscription()) ?? null;
  }

  /**
   * @param {PushSubscription} subscription
   * @param {string} [person]
   * @param {number} [now]
   */
  async #send(subscription, person = '', now = Date.now()) {
    await this.#api.subscribe(subscription.toJSON());
    keep(STORED, { person, at: now });
  }
}

/**
 * @param {ServiceWorkerRegistration} worker
 * @param {string} key
 */
async function subscribe({ pushManager }, key) {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    // The browser still has a subscription for another key, of a database that is no longer used.
    const former = await pushManager.getSubscription();
    if (!former) throw error;
    await former.unsubscribe();
    return pushManager.subscribe(options);
  }
}

/** Whether this is an iPhone or an iPad outside of the installed app. */
function isApple() {
  const { userAgent, maxTouchPoints } = navigator;
  return /iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}
