/**
 * Plays a room by LL-HLS over plain HTTP. The delay from camera to screen is about 0.8 s. The
 * room's connection provides the events and the server's clock.
 */
import { BROWSER } from '../../page/environment.js';
import { FrameWatch } from '../timing/frame_watch.js';
import { makeEngine } from './engine.js';
import { LiveSync } from './live_sync.js';

const TICK = 250; // ms
const BROKEN = 8_000; // ms without a new frame, despite loaded media, after which the player fails
const AGAIN = 1_000; // ms before the playlist of a room that is not live yet is requested again
const POLL = 2_000; // ms between two requests for the playlist while there is no connection

export class HlsPlayer {
  name = 'hls';
  stream = '';
  element;
  #video;
  #clock;
  #events;
  #url;
  #environment;
  #watch;
  #sync = new LiveSync();
  /** @type {import('./engine.js').Engine | null} */
  #engine = null;
  #asking = false;
  #resting = false;
  #askedAt = -Infinity;
  #polledAt;
  #closed = false;
  #stalls = 0;
  #seeks = 0;
  #seekAt = -Infinity;
  #bitrate = NaN;
  #bytes = 0;
  #countedAt = -Infinity;
  #ticker;
  #listening = new AbortController();

  /**
   * @param {string} room
   * @param {HTMLVideoElement} video
   * @param {import('../line/server_clock.js').ServerClock} clock
   * @param {import('../player.js').PlayerEvents} events
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(room, video, clock, events, environment = BROWSER) {
    this.element = this.#video = video;
    this.#clock = clock;
    this.#events = events;
    this.#url = `/hls/${encodeURIComponent(room)}/index.m3u8`;
    this.#environment = environment;
    this.#polledAt = environment.now();
    this.#watch = new FrameWatch(video, () => events.picture());
    const { signal } = this.#listening;
    video.addEventListener('waiting', () => this.#ranDry(), { signal });
    video.addEventListener('canplay', () => video.paused && this.resume(), { signal });
    video.addEventListener('resize', () => events.sized?.(video.videoWidth, video.videoHeight), {
      signal,
    });
    document.addEventListener('visibilitychange', () => this.#rest(), { signal });
    this.#ticker = environment.setInterval(() => this.#tick(environment.now()), TICK);
  }

  get width() {
    return this.#video.readyState >= 2 ? this.#video.videoWidth : 0;
  }

  get height() {
    return this.#video.readyState >= 2 ? this.#video.videoHeight : 0;
  }

  get muted() {
    return this.#video.muted;
  }

  set muted(muted) {
    this.#video.muted = muted;
    if (this.#video.paused && this.#engine) this.resume();
  }

  /** @param {import('../line/connection.js').Hello} hello */
  hello(hello) {
    this.stream = hello.stream;
    if (hello.tracks.length) this.#start(this.#environment.now());
  }

  /** Starts the engine at the first record, because any record shows that the room has media. */
  record() {
    this.#start(this.#environment.now());
  }

  resume() {
    this.#video.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  /**
   * @returns {import('../player.js').PlayerStats & {position: number, playing: boolean, bitrate:
   * number}}
   */
  stats() {
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } =
      this.#video.getVideoPlaybackQuality?.() ?? {};
    const now = this.#environment.now();
    const engine = this.#engine;
    return {
      behindLens: this.#clock.at(now) / 1_000 - (engine?.date() ?? NaN),
      captureError: this.#clock.error / 1_000,
      captureEstimated: false,
      lag: (engine?.latency() ?? NaN) * 1_000,
      target: (engine?.target() ?? NaN) * 1_000,
      buffer: Math.max(0, (this.#buffered - this.#video.currentTime) * 1_000) || 0,
      jitter: NaN,
      rate: this.#video.playbackRate,
      width: this.#video.videoWidth,
      height: this.#video.videoHeight,
      frames: totalVideoFrames,
      dropped: droppedVideoFrames,
      stalls: this.#stalls,
      seeks: this.#seeks,
      firstPicture: this.#watch.firstPicture,
      bitrate: this.#bitrate,
      position: this.#watch.mediaTime * 1_000,
      playing: this.#watch.started && now - this.#watch.shownAt < 500,
    };
  }

  close() {
    this.#closed = true;
    this.#environment.clearInterval(this.#ticker);
    this.#listening.abort();
    this.#watch.close();
    this.#engine?.close();
    this.#engine = null;
  }

  /** Duration of the contiguous media from the playhead on, s; NaN if there is none. */
  get #ahead() {
    return this.#buffered - this.#video.currentTime;
  }

  /** End of the contiguous media at the playhead, s; NaN if the playhead is outside the media. */
  get #buffered() {
    const { buffered, currentTime } = this.#video;
    for (let n = 0; n < buffered.length; n++)
      if (buffered.start(n) <= currentTime && currentTime <= buffered.end(n))
        return buffered.end(n);
    return NaN;
  }

  /** Start and end of the newest contiguous media, s; NaN without media. */
  get #newest() {
    const { buffered } = this.#video;
    const last = buffered.length - 1;
    return last < 0
      ? { start: NaN, end: NaN }
      : { start: buffered.start(last), end: buffered.end(last) };
  }

  /** @param {number} now */
  async #start(now) {
    if (this.#engine || this.#asking || now - this.#askedAt < AGAIN) return;
    this.#asking = true;
    this.#askedAt = now;
    try {
      const engine = await makeEngine(
        this.#video,
        this.#url,
        (reason) => this.#failed(reason, false),
        this.#environment,
      );
      if (this.#closed) engine.close();
      else this.#engine = engine;
    } catch (error) {
      this.#failed(/** @type {Error} */ (error).message, true);
    } finally {
      this.#asking = false;
    }
  }

  /**
   * Requests the playlist, because without a WebSocket only the playlist shows that the room is
   * live.
   * @param {number} now
   */
  async #poll(now) {
    if (this.stream || this.#asking || now - this.#polledAt < POLL) return;
    this.#polledAt = now;
    const answer = await this.#environment
      .fetch(this.#url, { signal: this.#listening.signal })
      .catch(() => null);
    if (answer?.ok && !this.#closed) this.#start(this.#environment.now());
  }

  /**
   * @param {string} reason
   * @param {boolean} final
   */
  #failed(reason, final) {
    if (!this.#closed) this.#events.broken(reason, final);
  }

  #ranDry() {
    if (
      document.hidden ||
      this.#video.seeking ||
      !this.#watch.started ||
      this.#environment.now() - this.#seekAt < 1_000
    )
      return;
    this.#stalls++;
    const engine = this.#engine;
    const aim = engine && this.#sync.raise(engine.target(), this.#ahead);
    if (aim) engine.aim(aim);
  }

  /** Stops loading while the page is hidden, unless a picture-in-picture window shows the room. */
  #rest() {
    const resting = document.hidden && !document.pictureInPictureElement;
    if (resting === this.#resting) return;
    this.#resting = resting;
    this.#engine?.rest(resting);
    this.#seekAt = this.#environment.now(); // running dry now does not count as a stall
  }

  /** @param {number} now */
  #tick(now) {
    // the picture-in-picture window may have opened or closed
    if (this.#resting) return this.#rest();
    const engine = this.#engine;
    if (!engine) this.#poll(now);
    if (engine) this.#count(now, engine.bytes());
    if (!engine || !this.#watch.started || this.#video.paused || this.#video.seeking) return;
    const aim = this.#sync.relax(now, engine.target());
    if (aim !== null) engine.aim(aim);
    const [latency, target, sync] = [engine.latency(), engine.target(), engine.sync()];
    const to = this.#sync.decide({
      now,
      latency,
      target,
      position: this.#video.currentTime,
      sync,
      loaded: this.#newest,
    });
    if (engine.walks) this.#walk(this.#sync.pace({ latency, target, ahead: this.#ahead }));
    if (to !== null) {
      this.#seeks++;
      this.#seekAt = now;
      this.#video.currentTime = to;
    }
    // A frame that does not change is a fault only if newer media has arrived. Without newer media,
    // the creator may be away.
    if (now - this.#watch.shownAt > BROKEN && this.#ahead > 1)
      this.#failed('the frame does not change although media has arrived', false);
  }

  /** @param {number} rate */
  #walk(rate) {
    if (rate !== this.#video.playbackRate) this.#video.playbackRate = rate;
  }

  /**
   * Measures the bitrate over at least two seconds. Over a shorter time the bitrate would jump,
   * because media arrives in parts and segments.
   * @param {number} now
   * @param {number} bytes
   */
  #count(now, bytes) {
    const elapsed = now - this.#countedAt;
    if (elapsed < 2_000) return;
    this.#bitrate = Number.isFinite(elapsed) ? ((bytes - this.#bytes) * 8_000) / elapsed : NaN;
    this.#bytes = bytes;
    this.#countedAt = now;
  }
}
