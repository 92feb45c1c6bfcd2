/**
 * The picture-in-picture window of a room. Loads its module when the viewer first opens the window.
 *
 * @typedef {import('../watch/player.js').Player} Player
 */
import { t } from '../page/strings.js';
import { lateModules } from './late_modules.js';

export class FloatingWindow {
  #player;
  #events;
  /** @type {import('./picture_in_picture.js').PictureInPicture | null} */
  #window = null;
  #closed = false;

  /**
   * @param {() => Player | null} player  returns the room's present player
   * @param {object} events
   * @param {() => void} events.closed  the viewer has closed the window
   * @param {(text: string) => void} events.notice
   */
  constructor(player, events) {
    this.#player = player;
    this.#events = events;
  }

  get open() {
    return this.#window?.open ?? false;
  }

  /** Opens or closes the window. Call this in a user gesture. */
  async toggle() {
    const { PictureInPicture } = await lateModules.pictureInPicture();
    const player = this.#player();
    if (!player || this.#closed) return;
    const window = (this.#window ??= new PictureInPicture());
    await window
      .toggle(player, this.#events.closed)
      .catch(() => this.#events.notice(t('room.no_window')));
    const current = this.#player();
    // The player was replaced meanwhile.
    if (current && current !== player) await window.follow(current);
  }

  /** Shows the frames of the present player. Call this when a player shows its first frame. */
  follow() {
    const player = this.#player();
    if (player) void this.#window?.follow(player);
  }

  close() {
    this.#closed = true;
    this.#window?.close();
  }
}
