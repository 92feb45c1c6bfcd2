/**
 * Plays the window of a live with the browser's own HLS player, in browsers that cannot play Opus
 * with Media Source Extensions (older iPhones). Shows only the moments in the playlist, about 20 s.
 *
 * @typedef {import('./replay_window.js').ReplayWindow} ReplayWindow
 */
import { HOLD_BACK } from '../watch/hls/live_sync.js';

const PATIENCE = 8_000; // ms in which the browser must show the moment
const MARGIN = 0.5; // distance to the start of the playlist, s: its first segment ends soon

export class HlsReplay {
  #video;
  #events;
  #environment;
  /** @type {ReplayWindow | null} */
  #window = null;
  #target = NaN;
  #timer = 0;
  #listening = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {string} url  URL of the playlist
   * @param {import('./mse_replay.js').ReplayEvents} events
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(video, url, events, environment) {
    this.#video = video;
    this.#events = events;
    this.#environment = environment;
    const { signal } = this.#listening;
    video.addEventListener('progress', () => this.#arrive(), { signal });
    video.addEventListener('canplay', () => this.#arrive(), { signal });
    const shown = () => Number.isNaN(this.#target) && events.shown();
    video.addEventListener('seeked', shown, { signal });
    video.addEventListener('playing', shown, { signal });
    video.addEventListener('waiting', () => !video.seeking && events.starved(), { signal });
    video.addEventListener(
      'error',
      () => events.broken(video.error?.message || 'the media element failed'),
      { signal },
    );
    video.src = url;
  }

  get mediaTime() {
    return Number.isNaN(this.#target) ? this.#momentAt(this.#video.currentTime) : this.#target;
  }

  get earliest() {
    const { seekable } = this.#video;
    return seekable.length ? this.#momentAt(seekable.start(0) + MARGIN) : NaN;
  }

  /** @param {ReplayWindow} window */
  take(window) {
    this.#window = window;
    this.#arrive();
  }

  /** @param {number} moment */
  seek(moment) {
    this.#target = moment;
    this.#environment.clearTimeout(this.#timer);
    this.#timer = this.#environment.setTimeout(
      () => this.#events.broken('the browser cannot seek in the playlist'),
      PATIENCE,
    );
    this.#arrive();
  }

  play() {
    this.#video.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  pause() {
    this.#video.pause();
  }

  close() {
    this.#listening.abort();
    this.#environment.clearTimeout(this.#timer);
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  #arrive() {
    const { seekable } = this.#video;
    if (Number.isNaN(this.#target) || !seekable.length || !this.#window) return;
    const start = seekable.start(0) + MARGIN;
    const wanted =
      this.#video.currentTime + (this.#target - this.#momentAt(this.#video.currentTime)) / 1e6;
    this.#environment.clearTimeout(this.#timer);
    this.#target = NaN;
    this.#video.currentTime = Math.max(start, wanted);
  }

  /**
   * Returns the media time at a position of the element. The end of the seekable range is HOLD-BACK
   * behind the end of the playlist.
   * @param {number} position  s
   */
  #momentAt(position) {
    const { seekable } = this.#video;
    if (!seekable.length || !this.#window) return NaN;
    const behind = seekable.end(seekable.length - 1) + HOLD_BACK - position;
    return this.#window.edge(this.#environment.now()) - behind * 1e6;
  }
}
