/** Shows how many followed people are live, as the badge of the installed app. */
import { BROWSER } from '../page/environment.js';
import { liveFollows } from './push_api.js';

const EVERY = 60_000; // ms

export class AppBadge {
  #count;
  #environment;
  #timer = 0;
  #refresh = () => void this.refresh();

  /**
   * @param {() => Promise<number>} [count]
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>} [environment]
   */
  constructor(count = liveFollows, environment = BROWSER) {
    this.#count = count;
    this.#environment = environment;
  }

  /** Keeps the badge up to date. Does nothing outside of the installed app. */
  start() {
    if (!('setAppBadge' in navigator) || !isInstalled()) return;
    document.addEventListener('visibilitychange', this.#refresh);
    void this.refresh();
  }

  close() {
    document.removeEventListener('visibilitychange', this.#refresh);
    this.#environment.clearTimeout(this.#timer);
  }

  async refresh() {
    this.#environment.clearTimeout(this.#timer);
    if (document.hidden) return;
    try {
      await navigator.setAppBadge(await this.#count()); // 0 removes the badge
    } catch {
      // The badge shows the last known number until the server answers.
    }
    this.#environment.clearTimeout(this.#timer);
    this.#timer = this.#environment.setTimeout(this.#refresh, EVERY);
  }
}

function isInstalled() {
  return matchMedia('(display-mode: standalone)').matches;
}
