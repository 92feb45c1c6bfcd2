/** Shows or hides the playback figures of a room. Loads their module when they are first shown. */
import { partOf } from '../page/dom.js';
import { lateModules } from './late_modules.js';

export class StatsToggle {
  #root;
  #read;
  #environment;
  /** @type {import('./stats_overlay.js').StatsOverlay | null} */
  #overlay = null;
  #closed = false;

  /**
   * @param {HTMLElement} root
   * @param {() => import('./stats_overlay.js').RoomStats} read
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(root, read, environment) {
    this.#root = root;
    this.#read = read;
    this.#environment = environment;
  }

  async toggle() {
    if (this.#overlay) return this.#hide();
    const { StatsOverlay } = await lateModules.statsOverlay();
    if (this.#closed) return;
    const list = partOf(this.#root, 'stats');
    this.#overlay ??= new StatsOverlay(list, this.#read, this.#environment);
  }

  close() {
    this.#closed = true;
    this.#hide();
  }

  #hide() {
    this.#overlay?.close();
    this.#overlay = null;
  }
}
