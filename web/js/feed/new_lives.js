/**
 * Counts the lives that began after the feed was read, and shows a button that leads to them.
 * `close` releases everything.
 */
import { setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { lateModules } from '../room/late_modules.js';

const EVERY = 20_000; // ms

export class NewLives {
  #button;
  #onShow;
  /** Rooms that the feed could contain already. @type {Set<string> | null} */
  #known = null;
  /** @type {string[]} */
  #fresh = [];
  #timer;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} button
   * @param {(rooms: ReadonlySet<string>) => void} onShow  the viewer wants to see these lives
   */
  constructor(button, onShow) {
    this.#button = button;
    this.#onShow = onShow;
    button.addEventListener('click', () => this.#onShow(new Set(this.#fresh)), {
      signal: this.#listening.signal,
    });
    this.#timer = BROWSER.setInterval(() => void this.look(), EVERY);
  }

  close() {
    BROWSER.clearInterval(this.#timer);
    this.#listening.abort();
  }

  /** The feed was read again. */
  reset() {
    this.#known = null;
    this.#fresh = [];
    this.#show();
    void this.look();
  }

  async look() {
    if (document.hidden) return;
    const rooms = await liveRooms().catch(() => null);
    if (!rooms) return;
    const live = rooms.filter(({ state }) => state === 'live').map(({ room }) => room);
    this.#known ??= new Set(live);
    const known = this.#known;
    this.#fresh = live.filter((room) => !known.has(room));
    this.#show();
  }

  #show() {
    const count = this.#fresh.length;
    this.#button.hidden = !count;
    if (count) setText(this.#button, t('feed.new_lives', { count }));
  }
}

async function liveRooms() {
  return (await lateModules.api()).liveRooms();
}
