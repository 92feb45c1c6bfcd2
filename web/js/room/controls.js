/** The buttons and gestures of a room. */
import { partOf } from '../page/dom.js';
import { t } from '../page/strings.js';
import { Gestures } from './gestures.js';

/**
 * @typedef {object} Actions
 * @property {(muted: boolean) => void} mute
 * @property {() => void} play  after the browser asked for a tap
 * @property {() => void} share
 * @property {() => void} pictureInPicture
 * @property {() => void} fullScreen
 * @property {() => void} stats
 */

export class Controls {
  #unmute;
  #sound;
  #play;
  #full;
  #muted = true;
  #actions;
  #gestures;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {Actions} actions
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(root, actions, environment) {
    this.#actions = actions;
    const { signal } = this.#listening;
    const button = (/** @type {string} */ name, /** @type {() => void} */ click) => {
      const element = partOf(root, name);
      element.addEventListener('click', click, { signal });
      return element;
    };
    this.#unmute = button('unmute', () => this.mute(false));
    this.#sound = button('sound', () => this.toggleMuted());
    this.#play = button('play', () => {
      this.#play.hidden = true;
      actions.play();
    });
    this.#full = button('full', actions.fullScreen);
    button('share', actions.share);
    button('pip', actions.pictureInPicture).hidden = !document.pictureInPictureEnabled;
    this.#gestures = new Gestures(
      root,
      { tap: () => this.#muted && this.mute(false), hold: actions.stats },
      environment,
    );
  }

  close() {
    this.#listening.abort();
    this.#gestures.close();
  }

  /**
   * Turns the audio off or on. Call this in a user gesture.
   * @param {boolean} muted
   */
  mute(muted) {
    this.#muted = muted;
    this.#actions.mute(muted);
    this.#unmute.hidden = true;
    this.#sound.hidden = false;
    this.#sound.setAttribute('aria-pressed', String(muted));
    this.#sound.setAttribute('aria-label', muted ? t('room.sound_on') : t('room.sound_off'));
  }

  toggleMuted() {
    this.mute(!this.#muted);
  }

  /** Shows a button that the viewer must tap before the browser plays. */
  askForTap() {
    this.#play.hidden = false;
  }

  /** @param {boolean} possible */
  set fullScreen(possible) {
    this.#full.hidden = !possible;
  }
}
