/**
 * The player of a clip's page: repeats the clip and shows the position. `close` releases everything.
 */
import { byId } from '../page/dom.js';
import { directionOf } from '../page/key_press.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import { RecordedPlayer } from '../recorded/recorded_player.js';

const JUMP = 1; // s that an arrow key moves

export class ClipPlayer extends RecordedPlayer {
  #position = /** @type {HTMLInputElement} */ (byId('position'));
  #listening = new AbortController();

  /** @param {Readonly<import('../page/environment.js').Environment>} environment */
  constructor(environment) {
    super((name) => t(`clip_page.${name}`), environment);
    const { signal } = this.#listening;
    this.video.addEventListener('timeupdate', () => this.#showPosition(), { signal });
    this.#position.addEventListener('input', () => this.#seek(), { signal });
    this.#position.addEventListener('keydown', (event) => this.#press(event), { signal });
    this.#showPosition();
    this.play();
  }

  close() {
    super.close();
    this.#listening.abort();
  }

  #showPosition() {
    const { currentTime, duration } = this.video;
    const length = duration > 0 ? duration : 1;
    this.#position.max = String(length);
    this.#position.value = String(currentTime);
    this.#position.style.setProperty('--done', `${(currentTime / length) * 100}%`);
    this.#position.setAttribute('aria-valuetext', clockTime(currentTime));
  }

  /** The steps of the slider itself are too small for keys. @param {KeyboardEvent} event */
  #press(event) {
    const direction = directionOf(event);
    if (!direction) return;
    event.preventDefault();
    this.#position.value = String(this.video.currentTime + direction * JUMP);
    this.#seek();
  }

  #seek() {
    this.video.currentTime = Number(this.#position.value);
    this.#showPosition();
  }
}
