/**
 * The controls of a replay: play, seek, sound, speed, full screen. `close` releases everything.
 */
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { directionOf } from '../page/key_press.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import { RecordedPlayer } from '../recorded/recorded_player.js';

const SPEEDS = Object.freeze([0.5, 0.75, 1, 1.25, 1.5, 2]);
const JUMP = 5; // s that an arrow key moves

export class ReplayPlayer extends RecordedPlayer {
  #duration;
  #full = byId('full');
  #position = /** @type {HTMLInputElement} */ (byId('position'));
  #speed = /** @type {HTMLSelectElement} */ (byId('speed'));
  #dragging = false;
  #listening = new AbortController();

  /**
   * @param {number} duration  of the replay, s
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(duration, environment) {
    super((name) => t(`replay.${name}`), environment);
    this.#duration = duration;
    this.#speed.append(...SPEEDS.map(optionOf));
    this.#full.hidden = !document.fullscreenEnabled;
    const { signal } = this.#listening;
    /** @param {EventTarget} target @param {string} type @param {() => void} act */
    const on = (target, type, act) => target.addEventListener(type, act, { signal });
    on(this.#full, 'click', () => this.toggleFull());
    on(this.#speed, 'change', () => this.#setSpeed());
    on(this.#position, 'input', () => this.#drag());
    on(this.#position, 'change', () => (this.#dragging = false));
    this.#position.addEventListener('keydown', (event) => this.#press(event), { signal });
    for (const type of ['timeupdate', 'seeked']) on(this.video, type, () => this.#showPosition());
    // The picture size may change within a replay.
    on(this.video, 'resize', () => this.#fit());
    // The browser resets the rate when a new source is attached.
    on(this.video, 'loadedmetadata', () => this.#setSpeed());
    this.#showPosition();
  }

  close() {
    super.close();
    this.#listening.abort();
  }

  toggleFull() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  }

  /** @param {number} seconds  time in the replay */
  seek(seconds) {
    this.video.currentTime = Math.min(Math.max(seconds, 0), this.#duration);
    this.#showPosition();
  }

  /** @param {number} direction  1 or -1 */
  jump(direction) {
    this.seek(this.video.currentTime + direction * JUMP);
  }

  /** The steps of the slider itself are too small for keys. @param {KeyboardEvent} event */
  #press(event) {
    const direction = directionOf(event);
    if (!direction) return;
    event.preventDefault();
    this.jump(direction);
  }

  #drag() {
    this.#dragging = true;
    this.seek(Number(this.#position.value));
  }

  #setSpeed() {
    const speed = Number(this.#speed.value);
    this.video.defaultPlaybackRate = speed;
    this.video.playbackRate = speed;
  }

  #fit() {
    const { videoWidth, videoHeight } = this.video;
    const tall = videoHeight >= videoWidth;
    byId('stage').classList.toggle('tall', tall);
    byId('stage').classList.toggle('wide', !tall);
  }

  #showPosition() {
    const now = this.video.currentTime;
    if (!this.#dragging) this.#position.value = String(now);
    const done = this.#duration > 0 ? (now / this.#duration) * 100 : 0;
    this.#position.style.setProperty('--done', `${Math.min(done, 100)}%`);
    const time = clockTime(now);
    const place = t('replay.place', { time, length: clockTime(this.#duration) });
    this.#position.setAttribute('aria-valuetext', place);
    setText(byId('time'), time);
  }
}

/** @param {number} speed */
function optionOf(speed) {
  const option = element('option', '', t('replay.speed_value', { speed: String(speed) }));
  option.value = String(speed);
  option.selected = speed === 1;
  return option;
}
