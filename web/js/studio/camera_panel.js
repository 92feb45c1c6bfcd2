/** The camera as the studio shows it: preview, level meter, the buttons that hide, mute and flip. */
import { byId, toast } from '../page/dom.js';
import { Camera } from '../publish/camera.js';
import { LevelMeter } from '../publish/level_meter.js';
import { Revival } from '../publish/revival.js';

export class CameraPanel {
  camera;
  #preview = /** @type {HTMLVideoElement} */ (byId('preview'));
  #flip = /** @type {HTMLButtonElement} */ (byId('flip'));
  /** @type {LevelMeter | null} */
  #meter = null;
  #notice;
  #revival;

  /**
   * @param {(track: MediaStreamTrack) => void} replaced another track took the place of one of its kind
   * @param {import('./notice.js').Notice} notice
   */
  constructor(replaced, notice) {
    this.#notice = notice;
    this.camera = new Camera(
      (track) => {
        replaced(track);
        this.#meter?.listen(this.camera.stream);
        // WebKit goes on showing the stopped track until it is given the stream anew.
        if (track.kind === 'video') this.#preview.srcObject = this.camera.stream;
      },
      () => this.#revival.look(),
    );
    this.#revival = new Revival(this.camera, (condition, before) => this.#tell(condition, before));
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.#revival.hurry());
    byId('flip').addEventListener('click', () => this.#turn());
    byId('mute').addEventListener('click', () => {
      this.camera.mute(!this.camera.muted);
      this.#show();
    });
    byId('pause').addEventListener('click', () => {
      this.camera.pause(!this.camera.paused);
      this.#show();
    });
    document.addEventListener('pointerdown', () => this.#meter?.wake());
    document.addEventListener('visibilitychange', () => document.hidden || this.#revival.hurry());
  }

  /** Whether the camera gives nothing. */
  get dark() {
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
    this.#flip.hidden = !(await Camera.several());
  }

  close() {
    this.#revival.close();
    this.camera.close();
    this.#meter?.close();
    this.#meter = null;
  }

  async #turn() {
    this.#flip.disabled = true;
    try {
      await this.camera.flip();
    } catch {
      toast('The camera did not come back. Try again.');
    } finally {
      this.#flip.disabled = false;
    }
    this.#show();
  }

  /**
   * @param {import('../publish/revival.js').Condition} condition
   * @param {import('../publish/revival.js').Condition} before
   */
  #tell(condition, before) {
    const what = this.#revival.lacking;
    const words = {
      well: '',
      taking: `The ${what} stopped. Taking it back…`,
      busy: `A call or another app holds the ${what}. You come back by yourself.`,
      missing: `The ${what} is gone. Plug it in again, or switch it on.`,
      denied: `The browser no longer allows the ${what}. Allow it, then try again.`,
    };
    this.#notice.say('camera', words[condition], condition === 'denied' || condition === 'busy' ? () => this.#revival.hurry() : undefined);
    if (condition === 'well' && before !== 'well') {
      toast(`The ${what} is back`);
      this.#show();
    }
  }

  #show() {
    const { camera } = this;
    this.#preview.classList.toggle('mirrored', camera.mirrored);
    this.#preview.classList.toggle('paused', camera.paused);
    byId('paused-note').hidden = !camera.paused;
    press(byId('mute'), camera.muted, 'Unmute', 'Mute');
    press(byId('pause'), camera.paused, 'Show camera', 'Hide camera');
  }
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 * @param {string} whenPressed what it is called then
 * @param {string} otherwise
 */
function press(button, pressed, whenPressed, otherwise) {
  button.setAttribute('aria-pressed', String(pressed));
  button.setAttribute('aria-label', pressed ? whenPressed : otherwise);
}
