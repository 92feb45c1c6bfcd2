/**
 * Plays a live on a slide: a RoomView, which is on standby until the slide is seen, and the social
 * parts of the room, which load once the slide plays. `close` releases everything.
 *
 * @typedef {object} LiveOptions
 * @property {import('../api/feed_api.js').FeedItem} item
 * @property {HTMLElement} root  the stage
 * @property {boolean} standby   whether it begins on standby
 * @property {string} worker     URL of the decoder's worker
 * @property {string | null} player  the requested playback path
 * @property {import('../people/identity.js').Identity} identity
 * @property {(text: string) => void} notice
 * @property {(state: import('../room/room_state.js').RoomState) => void} state
 */
import { byId } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { loadStyle } from '../page/style.js';
import { t } from '../page/strings.js';
import { LateSocial } from '../room/late_social.js';
import { RoomView } from '../room/room_view.js';
import { showTitle } from './description.js';
import { stillOf } from './still.js';

const JUMP = 5; // s that an arrow key moves
const SETTLE = 500; // ms for which a slide plays before the chat loads; a quick swipe loads none
/** The styles of the social parts, once they are loading. @type {Promise<unknown> | undefined} */
let styles;

export class LiveView {
  #options;
  #view;
  #social;
  #playing = false;
  #pictured = false;
  #timer = 0;

  /** @param {LiveOptions} options */
  constructor(options) {
    const { item, root, standby, worker, player, notice, state } = (this.#options = options);
    this.#social = new LateSocial(() => this.#makeSocial());
    this.#view = new RoomView({
      ...{ room: item.room, root, standby, worker, player, poster: stillOf(item) },
      events: {
        notice,
        title: (title) => showTitle(root, title),
        state: (next) => state(next),
        event: (event) => this.#social.receive(event),
        settled: () => this.#settled(),
        connected: () => void this.#social.view?.load(),
        playhead: (mediaTime) => this.#social.view?.replay(mediaTime),
        doubleTap: (x, y) => this.#social.view?.heart({ x, y }),
      },
    });
  }

  play() {
    this.#playing = true;
    this.#view.play();
    this.#loadSocialSoon();
  }

  hold() {
    this.#playing = false;
    BROWSER.clearTimeout(this.#timer);
    this.#view.hold();
  }

  close() {
    BROWSER.clearTimeout(this.#timer);
    this.#social.close();
    this.#view.close();
  }

  get muted() {
    return this.#view.muted;
  }

  set muted(muted) {
    if (this.muted !== muted) this.#view.muted = muted;
  }

  stats() {
    return this.#view.stats();
  }

  /** @param {import('./keys.js').FeedAction} action */
  act(action) {
    const view = this.#view;
    const social = this.#social.view;
    switch (action) {
      case 'sound':
        return view.toggleMuted();
      case 'stats':
        return void view.toggleStats();
      case 'full':
        return view.toggleFullScreen();
      case 'fold':
        return view.toggleFold();
      case 'pause':
        return view.togglePaused();
      case 'back':
        return view.jump(-JUMP);
      case 'ahead':
        return view.jump(JUMP);
      case 'heart':
        return social?.heart();
      case 'emoji':
        return social?.toggleTray();
      case 'clip':
        return social?.clip();
    }
  }

  #settled() {
    this.#pictured = true;
    this.#loadSocialSoon();
  }

  #loadSocialSoon() {
    if (!this.#playing || !this.#pictured) return;
    BROWSER.clearTimeout(this.#timer);
    this.#timer = BROWSER.setTimeout(() => void this.#social.load(), SETTLE);
  }

  async #makeSocial() {
    styles ??= Promise.all(['css/social.css', 'css/clip_sheet.css'].map(loadStyle));
    const [{ Social }] = await Promise.all([import('../social/social.js'), styles]);
    const { item, root, identity, notice } = this.#options;
    const sheet = clipSheetFor(root);
    return new Social({
      ...{ room: item.room, stage: root, identity, sheet, notice },
      watch: new URL(item.url, location.href).href,
      send: (event) => this.#view.send(event),
      mediaTime: () => this.#view.mediaTime,
    });
  }
}

/**
 * Puts a copy of the clip sheet into the stage: the social parts of several rooms may be open.
 * @param {HTMLElement} root
 */
function clipSheetFor(root) {
  const sheet = /** @type {HTMLDialogElement} */ (byId('clip-sheet').cloneNode(true));
  sheet.removeAttribute('id');
  sheet.removeAttribute('aria-labelledby');
  sheet.setAttribute('aria-label', t('clip.heading'));
  sheet.querySelector('h2')?.removeAttribute('id');
  root.append(sheet);
  return sheet;
}
