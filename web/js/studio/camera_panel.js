/**
 * The camera in the studio: the preview, the level meter, and the buttons that hide the camera,
 * mute the microphone and switch to the other camera.
 */
import { byId, setText, toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { Camera } from '../publish/camera.js';
import { LevelMeter } from '../publish/level_meter.js';
import { Revival } from '../publish/revival.js';

/** @typedef {import('../publish/revival.js').Condition} Condition */

export class CameraPanel {
  camera;
  #preview = /** @type {HTMLVideoElement} */ (byId('preview'));
  #flip = /** @type {HTMLButtonElement} */ (byId('flip'));
  /** @type {LevelMeter | null} */
  #meter = null;
  #notice;
  #revival;
  #listening = new AbortController();

  /**
   * @param {(track: MediaStreamTrack) => void} replaced this track has replaced the previous track
   *   of the same kind
   * @param {import('./notice.js').Notice} notice
   */
  constructor(replaced, notice) {
    this.#notice = notice;
    this.camera = new Camera({
      replaced: (track) => {
        replaced(track);
        this.#meter?.listen(this.camera.stream);
        // WebKit shows the stopped track until the stream is set again.
        if (track.kind === 'video') this.#preview.srcObject = this.camera.stream;
      },
      changed: () => this.#revival.look(),
    });
    this.#revival = new Revival(this.camera, (condition, before) =>
      this.#report(condition, before),
    );
    this.#listen();
  }

  #listen() {
    const { signal } = this.#listening;
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.#revival.retry(), {
      signal,
    });
    document.addEventListener('pointerdown', () => this.#meter?.resume(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || this.#revival.retry(), {
      signal,
    });
    this.#flip.addEventListener('click', () => this.#turn(), { signal });
    byId('mute').addEventListener(
      'click',
      () => this.#show(() => this.camera.mute(!this.camera.muted)),
      { signal },
    );
    byId('pause').addEventListener(
      'click',
      () => this.#show(() => this.camera.pause(!this.camera.paused)),
      { signal },
    );
  }

  /** Whether the camera produces no frames. */
  get cameraLost() {
    return this.#revival.condition !== 'well' && this.#revival.lacking === 'camera';
  }

  /** @throws {import('../publish/camera.js').CameraError} */
  async open() {
    await this.camera.open();
    this.#preview.srcObject = this.camera.stream;
    this.#preview.play().catch(() => {});
    document.body.classList.toggle('no-sound', !this.camera.audio);
    this.#meter ??= new LevelMeter((level) => {
      byId('level').style.setProperty('--level', String(this.camera.muted ? 0 : level));
    });
    this.#meter.listen(this.camera.stream);
    this.#show();
    this.#flip.hidden = !(await this.camera.several());
  }

  /** Switches the camera and the microphone off. `open` switches them on again. */
  stop() {
    this.camera.close();
    this.#revival.look();
    this.#meter?.close();
    this.#meter = null;
  }

  close() {
    this.#listening.abort();
    this.#revival.close();
    this.stop();
  }

  async #turn() {
    this.#flip.disabled = true;
    try {
      await this.camera.flip();
    } catch {
      toast(t('studio.flip_failed'));
    } finally {
      this.#flip.disabled = false;
    }
    this.#show();
  }

  /**
   * @param {Condition} condition
   * @param {Condition} before
   */
  #report(condition, before) {
    const what = this.#revival.lacking;
    const retry = () => this.#revival.retry();
    this.#notice.say(
      'camera',
      condition === 'well' ? '' : t(`device.${what}.${condition}`),
      condition === 'denied' || condition === 'busy' ? { retry } : {},
    );
    if (condition === 'well' && before !== 'well') {
      if (this.camera.stream.active) toast(t(`device.${what}.back`));
      this.#show();
    }
  }

  /** @param {() => void} [change] called before the display is updated */
  #show(change) {
    change?.();
    const { camera } = this;
    this.#preview.classList.toggle('mirrored', camera.mirrored);
    this.#preview.classList.toggle('paused', camera.paused);
    setText(byId('paused-note'), camera.paused ? pausedText(camera.muted || !camera.audio) : '');
    press(byId('mute'), camera.muted, t('studio.unmute'), t('studio.mute'));
    press(byId('pause'), camera.paused, t('studio.show_camera'), t('studio.hide_camera'));
  }
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 * @param {string} labelPressed
 * @param {string} label
 */
function press(button, pressed, labelPressed, label) {
  button.setAttribute('aria-pressed', String(pressed));
  button.setAttribute('aria-label', pressed ? labelPressed : label);
}

/** @param {boolean} silent */
function pausedText(silent) {
  return silent ? t('studio.paused_silent') : t('studio.paused');
}
