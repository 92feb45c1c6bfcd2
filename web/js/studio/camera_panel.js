/** The camera as the studio shows it: preview, level meter, the buttons that hide, mute and flip. */
import { byId, toast } from '../page/dom.js';
import { Camera } from '../publish/camera.js';
import { LevelMeter } from '../publish/level_meter.js';

export class CameraPanel {
  camera;
  #preview = /** @type {HTMLVideoElement} */ (byId('preview'));
  #flip = /** @type {HTMLButtonElement} */ (byId('flip'));
  /** @type {LevelMeter | null} */
  #meter = null;

  /** @param {(track: MediaStreamTrack) => void} replaced another track took the place of one of its kind */
  constructor(replaced) {
    this.camera = new Camera((track) => {
      replaced(track);
      this.#meter?.listen(this.camera.stream);
    });
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
    document.addEventListener('visibilitychange', () => this.#seen());
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
    // WebKit goes on showing the stopped track until it is given the stream anew.
    this.#preview.srcObject = this.camera.stream;
    this.#show();
  }

  async #seen() {
    if (document.hidden || !this.camera.video) return;
    await this.camera.revive().catch(() => toast('Another app holds the camera'));
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
