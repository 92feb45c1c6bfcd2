/**
 * The part of a WebCodecs player that runs in the page: the element, the audio output, and the
 * listener for the backend's reports. The backend (player_backend.js) holds the connection, so that
 * media never passes through the page.
 * @typedef {import('../player.js').PlayerStats} PlayerStats
 */
import { BROWSER } from '../../page/environment.js';
import { NOTHING } from '../timing/player_stats.js';
import { ConnectionProxy } from './connection_proxy.js';

const SETTLED = 300; // time after the first frame in which the rest of the burst is decoded, ms
const STILL = 300; // maximum time in which a video element shows a keyframe of a standby, ms
const CLOSE_WAIT = 1_000; // time for a worker to close its connection, ms
const RATE = 48_000; // sample rate of decoded Opus, Hz

export class WebCodecsPlayer {
  name = 'webcodecs';
  stream = '';
  element;
  connection;
  width = 0;
  height = 0;
  #media;
  #port;
  #worker;
  #events;
  #unusable;
  #environment;
  #prefetch = 0;
  #standby = false;
  #rest = 0;
  #stats = NOTHING;
  #failed = false;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {import('./loudspeaker.js').Loudspeaker | null} */
  #loudspeaker = null;

  /**
   * @param {import('./start_backend.js').Backend} backend
   * @param {import('../line/connection.js').Listener} listener  listener of the connection;
   *   receives events but no media
   * @param {import('../player.js').PlayerEvents} events
   * @param {() => void} [unusable]  called when workers do not run in this browser
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(backend, listener, events, unusable = () => {}, environment = BROWSER) {
    const { element, stream, port, worker } = backend;
    this.element = element;
    this.#media = stream;
    this.#port = port;
    this.#worker = worker;
    this.#events = events;
    this.#unusable = unusable;
    this.#environment = environment;
    this.connection = new ConnectionProxy(port);
    const { hello, record: event, pace, down, failing, over } = listener;
    /** @type {Record<string, (...values: any[]) => void>} */
    const reports = {
      ...{ hello, event, pace, down, failing, over },
      stats: (stats, bytes) => this.#take(stats, bytes),
      picture: () => this.#began(),
      still: () => this.#refresh(),
      moving: () => events.moving(),
      sized: (width, height) => this.#sized(width, height),
      broken: (reason, final) => this.#broken(reason, final),
    };
    port.onmessage = ({ data: [verb, ...values] }) => this.#failed || reports[verb]?.(...values);
    if (!worker) return;
    worker.onerror = ({ message }) => this.#workerFailed(message || 'it does not start');
    if (backend.failed) queueMicrotask(() => this.#workerFailed(backend.failed));
  }

  get muted() {
    return this.#context === null;
  }

  /**
   * Whether the audio is off. Set this to false in a user gesture, or if the browser allows audio
   * without a gesture.
   */
  set muted(muted) {
    if (muted === this.muted) return;
    this.#closeSound();
    if (muted) return;
    // Request the smallest buffer: the latency of the audio output also delays the video.
    const context = new AudioContext({ latencyHint: 0, sampleRate: RATE });
    this.#context = context;
    context.resume().catch(() => {});
    this.#openSound(context).catch(
      (error) => this.#context === context && this.#broken(`sound: ${error}`),
    );
  }

  /**
   * Pauses the video element on standby, because a playing element costs CPU even without new
   * frames. The backend hears of the standby from the connection.
   * @param {boolean} standby
   */
  set standby(standby) {
    this.#standby = standby;
    this.#environment.clearTimeout(this.#rest);
    if (standby) this.#pause();
    else this.#play();
  }

  /** @param {import('../line/connection.js').Hello} hello */
  hello(hello) {
    this.stream = hello.stream;
  }

  /** Does nothing, because the backend receives the media itself. */
  record() {}

  resume() {
    // In WebKit the state is 'interrupted' after a phone call.
    if (this.#context && this.#context.state !== 'running') this.#context.resume().catch(() => {});
    this.#play();
  }

  /**
   * Returns the figures of the last report, which is at most 100 ms old while the page keeps up.
   */
  stats() {
    return this.#stats;
  }

  /** @param {WritableStream<VideoFrame> | null} stream */
  mirror(stream) {
    this.#port.postMessage(['mirror', stream], stream ? [stream] : []);
  }

  close() {
    this.#failed = true;
    this.#closeSound();
    this.#environment.clearTimeout(this.#prefetch);
    this.#environment.clearTimeout(this.#rest);
    this.#port.postMessage(['close']);
    this.#port.onmessage = null;
    const worker = this.#worker;
    if (worker) this.#environment.setTimeout(() => worker.terminate(), CLOSE_WAIT);
  }

  /** @param {AudioContext} context */
  async #openSound(context) {
    const { makeLoudspeaker } = await import('./loudspeaker.js');
    const tell = (/** @type {import('./sound.js').Output} */ output) =>
      this.#port.postMessage(['output', output]);
    const loudspeaker = await makeLoudspeaker(
      context,
      tell,
      (reason) => this.#broken(reason),
      this.#environment,
    );
    if (this.#context !== context) return loudspeaker.close();
    this.#loudspeaker = loudspeaker;
    const port = loudspeaker.connect();
    this.#port.postMessage(['openSound', port], [port]);
  }

  #closeSound() {
    this.#port.postMessage(['closeSound']);
    if (this.#loudspeaker) this.#loudspeaker.close();
    else this.#context?.close().catch(() => {});
    this.#loudspeaker = this.#context = null;
  }

  /**
   * @param {PlayerStats} stats
   * @param {number} bytes
   */
  #take(stats, bytes) {
    this.#stats = stats;
    this.connection.bytes = bytes;
    this.#port.postMessage(['heard']);
  }

  /** Starts the video element, if the frames appear in one. */
  #play() {
    const { element } = this;
    if (!(element instanceof HTMLVideoElement) || !element.srcObject || !element.paused) return;
    element.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  #pause() {
    if (this.#standby && this.element instanceof HTMLVideoElement) this.element.pause();
  }

  /** Plays the video element until it has shown the newest frame, if it is paused on standby. */
  #refresh() {
    const { element } = this;
    if (!this.#standby || !(element instanceof HTMLVideoElement)) return;
    this.#play();
    this.#port.postMessage(['repeat']);
    element.requestVideoFrameCallback?.(() => this.#pause());
    this.#environment.clearTimeout(this.#rest);
    this.#rest = this.#environment.setTimeout(() => this.#pause(), STILL);
  }

  #began() {
    const { element } = this;
    if (!(element instanceof HTMLVideoElement)) return this.#pictured();
    const pictured = () => this.#failed || this.#pictured();
    element.addEventListener('loadeddata', pictured, { once: true });
    element.srcObject = this.#media;
    this.#play();
    this.#port.postMessage(['repeat']);
  }

  #pictured() {
    this.#events.picture();
    this.#refresh();
    // Load the module after the first frames, but before the viewer turns the audio on.
    this.#prefetch = this.#environment.setTimeout(
      () => void import('./loudspeaker.js').catch(() => {}),
      SETTLED,
    );
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #sized(width, height) {
    [this.width, this.height] = [width, height];
    this.#events.sized(width, height);
  }

  /** @param {string} reason */
  #workerFailed(reason) {
    // If the worker has connected, this browser runs workers. The backend would then fail in the
    // page too.
    if (!this.stream) this.#unusable();
    this.#broken(`worker: ${reason}`);
  }

  /**
   * @param {string} reason
   * @param {boolean} [final]
   */
  #broken(reason, final = false) {
    if (this.#failed) return;
    this.#failed = true;
    this.#events.broken(reason, final);
  }
}
