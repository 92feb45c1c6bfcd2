/**
 * Opens the camera and the microphone as one MediaStream, which stays the same object while its
 * tracks change. This module uses no DOM.
 */
import { BROWSER } from '../page/environment.js';

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const MUTE_FOR = 1_000; // ms after which a muted track is lost; a shorter mute ends by itself
const SHOWN_FOR = 2_000; // ms that the camera may need for its first frame after a pause

/** Thrown if a device provides no track; `reason` says why. */
export class CameraError extends Error {
  reason;

  /** @param {'denied' | 'missing' | 'busy'} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * @typedef {object} CameraListener
 * @property {(track: MediaStreamTrack) => void} replaced this track has replaced the previous track
 *   of the same kind
 * @property {() => void} changed  a track ended, was muted or was unmuted, so the result of `loss`
 *   may have changed
 *
 * @typedef {Pick<Navigator, 'mediaDevices' | 'permissions'>} Devices
 */

export class Camera {
  stream = new MediaStream();
  /** @type {'user' | 'environment'} */
  facing = 'user';
  /** Whether the microphone sends silence. */
  muted = false;
  /** Whether the camera sends black frames, which keep the room live. */
  paused = false;
  #listener;
  #devices;
  #environment;
  #deviceId = '';
  /** @type {Promise<void> | null} */
  #reopening = null;
  // Number of calls of `open` and `close`. A track that was requested before the latest call is
  // stopped when it arrives.
  #closes = 0;
  #shownAt = -Infinity; // ms
  /**
   * @type {Map<MediaStreamTrack, number>} time at which each muted track stopped producing media,
   *   ms
   */
  #muteSince = new Map();

  /**
   * @param {CameraListener} listener
   * @param {Devices} [devices]
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(listener, devices = navigator, environment = BROWSER) {
    this.#listener = listener;
    this.#devices = devices;
    this.#environment = environment;
  }

  /** @throws {CameraError} */
  async open() {
    const closes = ++this.#closes;
    const video = { ...VIDEO, facingMode: this.facing };
    let opened;
    try {
      opened = await this.#ask({ video, audio: AUDIO });
    } catch (error) {
      // If only the microphone failed, the camera can still be opened alone.
      if (!(await this.#mayAskForVideoAlone(error))) throw cameraErrorOf(error);
      opened = await this.#ask({ video }).catch((second) => {
        throw cameraErrorOf(second);
      });
    }
    if (closes !== this.#closes) return stop(opened);
    for (const track of this.stream.getTracks()) this.#drop(track);
    for (const track of opened.getTracks()) this.#take(track);
  }

  close() {
    this.#closes++;
    for (const track of this.stream.getTracks()) this.#drop(track);
  }

  get video() {
    return this.stream.getVideoTracks()[0] ?? null;
  }

  get audio() {
    return this.stream.getAudioTracks()[0] ?? null;
  }

  /**
   * Whether the preview is mirrored: true for a front camera, and for a webcam, which reports no
   * facing mode.
   */
  get mirrored() {
    return (this.video?.getSettings().facingMode ?? 'user') !== 'environment';
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.audio) this.audio.enabled = !muted;
  }

  /** @param {boolean} paused */
  pause(paused) {
    if (this.paused && !paused) this.#shownAt = this.#environment.now();
    this.paused = paused;
    if (this.video) this.video.enabled = !paused;
  }

  /** Whether the device has more than one camera. */
  async several() {
    return (await this.#cameras().catch(() => [])).length > 1;
  }

  /**
   * Switches to the next camera. On phones, switches between the front camera and the rear camera.
   * iOS runs only one camera at a time, so the track of the former camera is stopped first.
   * @throws {CameraError} if neither the next camera nor the former camera can be opened
   */
  async flip() {
    const before = { facing: this.facing, deviceId: this.video?.getSettings().deviceId ?? '' };
    const hasFacing = this.video?.getSettings().facingMode !== undefined;
    this.facing = hasFacing && this.facing === 'user' ? 'environment' : 'user';
    this.#deviceId = hasFacing ? '' : await this.#cameraAfter(before.deviceId);
    await this.#reopen().catch(() => {
      this.facing = before.facing;
      this.#deviceId = before.deviceId;
      return this.#reopen();
    });
  }

  /**
   * Returns the device whose track has ended or is muted. The loss of a muted track is certain only
   * once the track has stayed muted for a while. If the tracks of both devices have ended or are
   * muted, returns the device whose loss becomes certain first, or the camera if the loss of the
   * camera is already certain.
   * @param {number} now ms
   * @returns {{lost: 'camera' | 'microphone' | null, certainAt: number}} `certainAt`: time at which
   *   the loss is certain, ms
   */
  loss(now) {
    const { video, audio } = this;
    const certainAt = (/** @type {MediaStreamTrack | null} */ track) =>
      !track
        ? Infinity
        : track.readyState === 'ended'
          ? now
          : (this.#muteSince.get(track) ?? Infinity) + MUTE_FOR;
    const [camera, microphone] = [certainAt(video), certainAt(audio)];
    if (camera === Infinity && microphone === Infinity) return { lost: null, certainAt: Infinity };
    if (camera <= Math.max(now, microphone)) return { lost: 'camera', certainAt: camera };
    return { lost: 'microphone', certainAt: microphone };
  }

  /**
   * Tells this object that the sender gets no frames although the track is live. This happens on
   * iOS after a phone call.
   */
  reportFrozen() {
    // The sender may get no frames while the camera is paused, and for a moment afterwards.
    const hidden = this.paused || this.#environment.now() - this.#shownAt <= SHOWN_FOR;
    if (this.video && !hidden) this.#muteSince.set(this.video, -Infinity);
    this.#listener.changed();
  }

  /**
   * Replaces each lost track by a new track.
   * @throws {CameraError}
   */
  async recover() {
    const now = this.#environment.now();
    const lost = (/** @type {MediaStreamTrack | null} */ track) =>
      track && (track.readyState === 'ended' || (this.#muteSince.get(track) ?? now) < now);
    const { audio } = this;
    if (lost(this.video)) await this.#reopen();
    if (!audio || !lost(audio)) return;
    try {
      audio.stop();
      await this.#swap(this.#ask({ audio: AUDIO }));
    } catch (error) {
      throw cameraErrorOf(error);
    }
  }

  /**
   * Opens the chosen camera instead of the current camera. If an earlier call is still in progress,
   * returns the promise of that call.
   */
  #reopen() {
    this.#reopening ??= this.#replaceCamera().finally(() => {
      this.#reopening = null;
    });
    return this.#reopening;
  }

  async #replaceCamera() {
    this.video?.stop();
    const byFacing = () => this.#ask({ video: { ...VIDEO, facingMode: this.facing } });
    // The chosen camera may have been unplugged: use any other camera.
    const byId = () =>
      this.#ask({ video: { ...VIDEO, deviceId: { exact: this.#deviceId } } }).catch(byFacing);
    try {
      await this.#swap(this.#deviceId ? byId() : byFacing());
    } catch (error) {
      throw cameraErrorOf(error);
    }
  }

  /** @param {Promise<MediaStream>} asked */
  async #swap(asked) {
    const closes = this.#closes;
    const opened = await asked;
    if (closes !== this.#closes) return stop(opened);
    for (const track of opened.getTracks()) {
      const old = track.kind === 'video' ? this.video : this.audio;
      if (old) this.#drop(old);
      this.#take(track);
      this.#listener.replaced(track);
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    track.enabled = track.kind === 'video' ? !this.paused : !this.muted;
    if (track.kind === 'video' && 'contentHint' in track) track.contentHint = 'motion';
    if (track.muted) this.#muteSince.set(track, this.#environment.now());
    track.onended = () => this.#listener.changed();
    track.onmute = () => {
      this.#muteSince.set(track, this.#environment.now());
      this.#listener.changed();
    };
    track.onunmute = () => {
      this.#muteSince.delete(track);
      this.#listener.changed();
    };
    this.stream.addTrack(track);
  }

  /** @param {MediaStreamTrack} track */
  #drop(track) {
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.#muteSince.delete(track);
    this.stream.removeTrack(track);
  }

  /** @param {MediaStreamConstraints} constraints */
  async #ask(constraints) {
    return this.#devices.mediaDevices.getUserMedia(constraints);
  }

  /** @param {unknown} error  error of the request for the camera and the microphone together */
  async #mayAskForVideoAlone(error) {
    if (/** @type {DOMException} */ (error).name !== 'NotAllowedError') return true;
    // After a denial, request again only if the microphone alone was denied.
    const query = this.#devices.permissions?.query({
      name: /** @type {PermissionName} */ ('camera'),
    });
    return (await query?.catch(() => null))?.state === 'granted';
  }

  async #cameras() {
    const devices = await this.#devices.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
  }

  /** @param {string} current deviceId */
  async #cameraAfter(current) {
    const ids = await this.#cameras();
    return ids[(ids.indexOf(current) + 1) % ids.length] ?? '';
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** @param {unknown} error */
function cameraErrorOf(error) {
  const { name } = /** @type {DOMException} */ (error);
  if (name === 'NotAllowedError' || name === 'SecurityError') return new CameraError('denied');
  return new CameraError(
    name === 'NotFoundError' || name === 'OverconstrainedError' ? 'missing' : 'busy',
  );
}
