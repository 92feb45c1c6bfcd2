/**
 * The camera and the microphone, as one MediaStream that stays the same while its tracks come and go.
 * Knows no DOM; always asks through navigator.mediaDevices.getUserMedia.
 */

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const MUTED_FOR = 1_000; // ms; shorter spells pass by themselves
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Why there is no picture. */
export class CameraError extends Error {
  reason;

  /** @param {'denied' | 'missing' | 'busy'} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export class Camera {
  stream = new MediaStream();
  /** @type {'user' | 'environment'} */
  facing = 'user';
  muted = false;
  paused = false;
  #replaced;
  #stirred;
  #device = '';
  #busy = false;
  #shownAt = -Infinity; // ms, when it was hidden no longer
  /** @type {Map<MediaStreamTrack, number>} ms since when it gives nothing */
  #mute = new Map();

  /**
   * @param {(track: MediaStreamTrack) => void} replaced another track took the place of one of its kind
   * @param {() => void} stirred  a track ended, went mute, or is heard again: `trouble` tells
   */
  constructor(replaced, stirred) {
    this.#replaced = replaced;
    this.#stirred = stirred;
  }

  /** @throws {CameraError} */
  async open() {
    const picture = { ...PICTURE, facingMode: this.facing };
    let opened;
    try {
      opened = await ask({ video: picture, audio: SOUND });
    } catch (error) {
      // A missing, taken or forbidden microphone must not keep the picture away.
      if (!(await worthWithoutSound(error))) throw explained(error);
      opened = await ask({ video: picture }).catch((second) => {
        throw explained(second);
      });
    }
    this.close();
    for (const track of opened.getTracks()) this.#take(track);
  }

  close() {
    for (const track of this.stream.getTracks()) this.#drop(track);
  }

  get video() {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  get audio() {
    return this.stream.getAudioTracks()[0] ?? null;
  }

  /** A front camera is shown as a mirror, to its owner only. Webcams do not say which way they look: they look at the user. */
  get mirrored() {
    return (this.video?.getSettings().facingMode ?? 'user') !== 'environment';
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.audio) this.audio.enabled = !muted;
  }

  /** @param {boolean} paused black frames go out, so the room stays live */
  pause(paused) {
    if (this.paused && !paused) this.#shownAt = performance.now();
    this.paused = paused;
    if (this.video) this.video.enabled = !paused;
  }

  /** @returns {Promise<boolean>} whether there is another camera to flip to */
  static async several() {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    return devices.filter(({ kind }) => kind === 'videoinput').length > 1;
  }

  /**
   * To the other camera. iOS runs one camera at a time: the old track is stopped before the new one is asked for.
   * @throws {CameraError} when neither the other nor the former camera can be had
   */
  async flip() {
    const before = { facing: this.facing, device: this.video?.getSettings().deviceId ?? '' };
    const faces = this.video?.getSettings().facingMode !== undefined;
    this.facing = faces && this.facing === 'user' ? 'environment' : 'user';
    this.#device = faces ? '' : await nextCamera(before.device);
    await this.#reopen().catch(() => {
      this.facing = before.facing;
      this.#device = before.device;
      return this.#reopen();
    });
  }

  /**
   * What is dead, or about to be: after a call or a sleep, without a plug, without a permission.
   * @param {number} now ms
   * @returns {{lacking: 'camera' | 'microphone' | null, sure: number}} `sure`: ms, when that is certain
   */
  trouble(now) {
    const { video, audio } = this;
    const sure = (/** @type {MediaStreamTrack | null} */ track) =>
      !track ? Infinity : track.readyState === 'ended' ? now : (this.#mute.get(track) ?? Infinity) + MUTED_FOR;
    const [picture, sound] = [sure(video), sure(audio)];
    if (picture === Infinity && sound === Infinity) return { lacking: null, sure: Infinity };
    return picture <= Math.max(now, sound) ? { lacking: 'camera', sure: picture } : { lacking: 'microphone', sure: sound };
  }

  /** No frame comes although the track says that it is live: iOS after a call. */
  frozen() {
    // While hidden it need not give any, and right after that it cannot have given any yet.
    if (this.video && !this.paused && performance.now() - this.#shownAt > 2_000) this.#mute.set(this.video, -Infinity);
    this.#stirred();
  }

  /**
   * Takes new tracks in the place of those that are dead.
   * @throws {CameraError}
   */
  async revive() {
    const now = performance.now();
    const dead = (/** @type {MediaStreamTrack | null} */ track) => track && (track.readyState === 'ended' || (this.#mute.get(track) ?? now) < now);
    const { audio } = this;
    if (dead(this.video)) await this.#reopen();
    if (!audio || !dead(audio)) return;
    try {
      audio.stop();
      this.#swap(await ask({ audio: SOUND }));
    } catch (error) {
      throw explained(error);
    }
  }

  async #reopen() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      this.video?.stop();
      const facing = () => ask({ video: { ...PICTURE, facingMode: this.facing } });
      // The very camera may have been unplugged: any other is better than none.
      const opened = this.#device ? ask({ video: { ...PICTURE, deviceId: { exact: this.#device } } }).catch(facing) : facing();
      this.#swap(await opened);
    } catch (error) {
      throw explained(error);
    } finally {
      this.#busy = false;
    }
  }

  /** @param {MediaStream} opened */
  #swap(opened) {
    for (const track of opened.getTracks()) {
      const old = track.kind === 'video' ? this.video : this.audio;
      if (old) this.#drop(old);
      this.#take(track);
      this.#replaced(track);
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    track.enabled = track.kind === 'video' ? !this.paused : !this.muted;
    if (track.kind === 'video' && 'contentHint' in track) track.contentHint = 'motion';
    if (track.muted) this.#mute.set(track, performance.now());
    track.onended = this.#stirred;
    track.onmute = () => {
      this.#mute.set(track, performance.now());
      this.#stirred();
    };
    track.onunmute = () => {
      this.#mute.delete(track);
      this.#stirred();
    };
    this.stream.addTrack(track);
  }

  /** @param {MediaStreamTrack} track */
  #drop(track) {
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.#mute.delete(track);
    this.stream.removeTrack(track);
  }
}

/** @param {MediaStreamConstraints} constraints */
function ask(constraints) {
  return navigator.mediaDevices.getUserMedia(constraints);
}

/** @param {unknown} error */
async function worthWithoutSound(error) {
  if (/** @type {DOMException} */ (error).name !== 'NotAllowedError') return true;
  // Asking again after a plain "no" would be rude: only when it was the microphone alone.
  const query = navigator.permissions?.query({ name: /** @type {PermissionName} */ ('camera') });
  return (await query?.catch(() => null))?.state === 'granted';
}

/** @param {unknown} error */
function explained(error) {
  const { name } = /** @type {DOMException} */ (error);
  if (name === 'NotAllowedError' || name === 'SecurityError') return new CameraError('denied');
  return new CameraError(name === 'NotFoundError' || name === 'OverconstrainedError' ? 'missing' : 'busy');
}

/** @param {string} current deviceId */
async function nextCamera(current) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const ids = devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
  return ids[(ids.indexOf(current) + 1) % ids.length] ?? '';
}
