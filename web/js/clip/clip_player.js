/**
 * The player of a clip's page: repeats the clip, turns the sound on, pauses, and shows the position.
 * `close` releases everything.
 */
import { byId } from '../page/dom.js';
import { Gestures } from '../page/gestures.js';
import { directionOf } from '../page/key_press.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

const JUMP = 1; // s that an arrow key moves

export class ClipPlayer {
  video = /** @type {HTMLVideoElement} */ (byId('video'));
  #sound = byId('sound');
  #unmute = byId('unmute');
  #pause = byId('pause');
  #position = /** @type {HTMLInputElement} */ (byId('position'));
  #gestures;
  #listening = new AbortController();

  /** @param {Readonly<import('../page/environment.js').Environment>} environment */
  constructor(environment) {
    const { signal } = this.#listening;
    this.#sound.addEventListener('click', () => this.toggleSound(), { signal });
    this.#unmute.addEventListener('click', () => this.toggleSound(), { signal });
    this.#pause.addEventListener('click', () => this.togglePause(), { signal });
    for (const type of ['play', 'pause', 'volumechange'])
      this.video.addEventListener(type, () => this.#show(), { signal });
    this.video.addEventListener('timeupdate', () => this.#showPosition(), { signal });
    this.#position.addEventListener('input', () => this.#seek(), { signal });
    this.#position.addEventListener('keydown', (event) => this.#press(event), { signal });
    const urgent = () => true;
    this.#gestures = new Gestures(byId('stage'), { tap: () => this.#tap(), urgent }, environment);
    this.#show();
    this.#showPosition();
    this.play();
  }

  close() {
    this.#gestures.close();
    this.#listening.abort();
    this.video.pause();
  }

  play() {
    this.video.play().catch(() => this.#show()); // the browser may wait for a tap
  }

  toggleSound() {
    this.video.muted = !this.video.muted;
    if (!this.video.muted && this.video.paused) this.play();
  }

  togglePause() {
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  /** The first tap turns the sound on; later taps pause and continue. */
  #tap() {
    if (this.video.muted) this.toggleSound();
    else this.togglePause();
  }

  #show() {
    const { muted, paused } = this.video;
    this.#unmute.hidden = !muted;
    this.#sound.setAttribute('aria-pressed', String(muted));
    this.#sound.setAttribute('aria-label', t(`clip_page.${muted ? 'sound_on' : 'sound_off'}`));
    this.#pause.setAttribute('aria-pressed', String(paused));
    this.#pause.setAttribute('aria-label', t(`clip_page.${paused ? 'play' : 'pause'}`));
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
