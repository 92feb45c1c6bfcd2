/**
 * Plays a clip or a replay on a slide. Until the slide is seen, nothing but the poster is loaded.
 * `close` releases everything.
 */
import { partOf } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { Gestures } from '../page/gestures.js';
import { t } from '../page/strings.js';
import { makeReplayEngine } from '../replay/replay_engine.js';

const JUMP = 5; // s that an arrow key moves

export class RecordedView {
  #item;
  #root;
  #video;
  /** @type {{close: () => void} | null} */
  #engine = null;
  #loaded = false;
  #playing = false;
  #closed = false;
  #gestures;
  #listening = new AbortController();

  /**
   * @param {object} options
   * @param {import('../api/feed_api.js').FeedItem} options.item
   * @param {HTMLElement} options.root  the stage
   */
  constructor({ item, root }) {
    this.#item = item;
    this.#root = root;
    this.#video = /** @type {HTMLVideoElement} */ (partOf(root, 'video'));
    const { signal } = this.#listening;
    const on = (/** @type {string} */ part, /** @type {() => void} */ act) =>
      partOf(root, part).addEventListener('click', act, { signal });
    on('unmute', () => (this.muted = false));
    on('sound', () => (this.muted = !this.muted));
    on('play', () => this.#start());
    for (const type of ['play', 'pause', 'volumechange'])
      this.#video.addEventListener(type, () => this.#show(), { signal });
    this.#video.addEventListener('playing', () => root.classList.add('playing'), { signal });
    this.#video.addEventListener('timeupdate', () => this.#showProgress(), { signal });
    this.#video.addEventListener('error', () => this.#fail(), { signal });
    this.#gestures = new Gestures(root, { tap: () => this.#tap(), urgent: () => true }, BROWSER);
    this.#show();
  }

  play() {
    this.#playing = true;
    void this.#load();
    this.#start();
  }

  hold() {
    this.#playing = false;
    this.#video.muted = true;
    this.#video.pause();
  }

  close() {
    this.#closed = true;
    this.#listening.abort();
    this.#gestures.close();
    this.#video.pause();
    this.#engine?.close();
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  get muted() {
    return this.#video.muted;
  }

  set muted(muted) {
    this.#video.muted = muted;
    this.#show();
  }

  stats() {
    const quality = this.#video.getVideoPlaybackQuality?.();
    return {
      player: this.#item.kind,
      muted: this.muted,
      playing: !this.#video.paused,
      frames: quality?.totalVideoFrames ?? 0,
      position: this.#video.currentTime * 1_000,
    };
  }

  /** @param {import('./keys.js').FeedAction} action */
  act(action) {
    if (action === 'sound') this.muted = !this.muted;
    else if (action === 'pause') this.#togglePause();
    else if (action === 'back') this.#video.currentTime -= JUMP;
    else if (action === 'ahead') this.#video.currentTime += JUMP;
  }

  async #load() {
    if (this.#loaded) return;
    this.#loaded = true;
    const { kind, video, playlist } = this.#item;
    if (kind === 'clip' && video) this.#video.src = video;
    else if (playlist) {
      const source = { playlist, opus: playlist.replace(/index\.m3u8$/, 'opus/index.m3u8') };
      const engine = makeReplayEngine(this.#video, source, () => this.#fail(), BROWSER.now);
      const made = await engine.catch(() => this.#fail());
      if (this.#closed) made?.close();
      else this.#engine = made ?? null;
      if (this.#playing) this.#start();
    } else this.#fail();
  }

  #start() {
    this.#video.play().catch((/** @type {DOMException} */ { name }) => {
      // The browser wants a tap. Other errors end a request that is no longer needed.
      if (name === 'NotAllowedError' && this.#playing) partOf(this.#root, 'play').hidden = false;
    });
  }

  /** The first tap turns the sound on; later taps pause and continue. */
  #tap() {
    if (this.muted) this.muted = false;
    else this.#togglePause();
  }

  #togglePause() {
    if (this.#video.paused) this.#start();
    else this.#video.pause();
  }

  #show() {
    const { muted, paused } = this.#video;
    const sound = partOf(this.#root, 'sound');
    partOf(this.#root, 'unmute').hidden = !muted;
    sound.hidden = muted;
    sound.setAttribute('aria-pressed', String(muted));
    sound.setAttribute('aria-label', muted ? t('room.sound_on') : t('room.sound_off'));
    partOf(this.#root, 'play').hidden = !paused || !this.#root.classList.contains('playing');
  }

  #showProgress() {
    const { currentTime, duration } = this.#video;
    const share = duration > 0 ? currentTime / duration : 0;
    partOf(this.#root, 'progress').style.transform = `scaleX(${share.toFixed(4)})`;
  }

  /** Shows that this browser cannot play the item, or that the file is gone. */
  #fail() {
    if (!this.#closed) partOf(this.#root, 'card-sorry').hidden = false;
  }
}
