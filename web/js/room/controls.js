/** The buttons of a room's picture, its menu, and the gestures on the picture. */
import { partOf } from '../page/dom.js';
import { keep, recall } from '../page/store.js';
import { t } from '../page/strings.js';
import { actionOf } from '../page/gesture_table.js';
import { Gestures } from '../page/gestures.js';

const SHOWN_FOR = 4_000; // ms for which the controls are visible after a tap on a touch screen

/**
 * @typedef {object} Actions
 * @property {(muted: boolean) => void} mute
 * @property {() => void} play  called when the viewer taps the button of `askForTap`
 * @property {() => void} rewind
 * @property {() => void} share
 * @property {() => void} pictureInPicture
 * @property {() => void} fullScreen
 * @property {() => void} stats
 * @property {(x: number, y: number) => void} heart  at this place of the window, px
 * @property {() => void} folded  called when the chat was folded or opened
 */

export class Controls {
  #root;
  #unmute;
  #sound;
  #play;
  #full;
  /** @type {HTMLDialogElement} */
  #menu;
  #muted = true;
  #actions;
  #environment;
  #hide = 0;
  #gestures;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {Actions} actions
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(root, actions, environment) {
    this.#root = root;
    this.#actions = actions;
    this.#environment = environment;
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
    this.#menu = partOf(root, 'menu-sheet');
    button('rewind', actions.rewind);
    button('share', actions.share);
    button('pip', actions.pictureInPicture).hidden = !document.pictureInPictureEnabled;
    button('menu', () => this.#menu.showModal());
    button('stats-toggle', actions.stats);
    button('fold', () => this.fold(true));
    button('unfold', () => this.fold(false));
    this.#menu.addEventListener('click', () => this.#menu.close(), { signal });
    if (recall('folded') && root.dataset.chat) this.fold(true);
    this.#gestures = new Gestures(root, this.#gesturesOnPicture(), environment);
    this.#showControls();
  }

  close() {
    this.#environment.clearTimeout(this.#hide);
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

  /**
   * Hides everything but the picture, or shows it again.
   * @param {boolean} [folded]  whether to hide everything else; by default, the opposite of the
   *   present state
   */
  fold(folded = this.#root.dataset.chat !== 'folded') {
    this.#root.dataset.chat = folded ? 'folded' : 'open';
    partOf(this.#root, 'unfold').hidden = !folded;
    keep('folded', folded || null);
    this.#actions.folded();
  }

  /** Shows a button that the viewer must tap before the browser plays. */
  askForTap() {
    this.#play.hidden = false;
  }

  /** @param {boolean} possible */
  set fullScreen(possible) {
    this.#full.hidden = !possible;
  }

  #gesturesOnPicture() {
    const state = () => (this.#muted ? 'muted' : 'sounding');
    const act = (/** @type {import('../page/gesture_table.js').Gesture} */ gesture) => {
      return (/** @type {number} */ x, /** @type {number} */ y) => {
        const action = actionOf('picture', gesture, state());
        if (action === 'sound') this.mute(false);
        else if (action === 'controls') this.#toggleControls();
        else if (action === 'heart') this.#actions.heart(x, y);
      };
    };
    return { tap: act('tap'), doubleTap: act('double-tap'), urgent: () => this.#muted };
  }

  #toggleControls() {
    if (this.#root.dataset.controls === 'shown') this.#hideControls();
    else this.#showControls();
  }

  #showControls() {
    this.#root.dataset.controls = 'shown';
    this.#environment.clearTimeout(this.#hide);
    this.#hide = this.#environment.setTimeout(() => this.#hideControls(), SHOWN_FOR);
  }

  #hideControls() {
    this.#environment.clearTimeout(this.#hide);
    this.#root.dataset.controls = 'hidden';
  }
}
