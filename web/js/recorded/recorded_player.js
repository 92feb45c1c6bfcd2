/**
 * What the players of clips and replays have in common: sound, pause, and taps on the picture.
 * `close` releases everything.
 */
import { byId } from '../page/dom.js';
import { Gestures } from '../page/gestures.js';

export class RecordedPlayer {
  video = /** @type {HTMLVideoElement} */ (byId('video'));
  #label;
  #sound = byId('sound');
  #unmute = byId('unmute');
  #pause = byId('pause');
  #gestures;
  #listening = new AbortController();

  /**
   * @param {(name: 'sound_on' | 'sound_off' | 'play' | 'pause') => string} label  returns what a
   *   screen reader says about a button
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(label, environment) {
    this.#label = label;
    const { signal } = this.#listening;
    this.#sound.addEventListener('click', () => this.toggleSound(), { signal });
    this.#unmute.addEventListener('click', () => this.toggleSound(), { signal });
    this.#pause.addEventListener('click', () => this.togglePause(), { signal });
    for (const type of ['play', 'pause', 'ended', 'volumechange'])
      this.video.addEventListener(type, () => this.#show(), { signal });
    const urgent = () => true;
    this.#gestures = new Gestures(byId('stage'), { tap: () => this.#tap(), urgent }, environment);
    this.#show();
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
    this.#sound.setAttribute('aria-label', this.#label(muted ? 'sound_on' : 'sound_off'));
    this.#pause.setAttribute('aria-pressed', String(paused));
    this.#pause.setAttribute('aria-label', this.#label(paused ? 'play' : 'pause'));
  }
}
