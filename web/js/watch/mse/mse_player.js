/**
 * Plays a stream through Media Source Extensions. Each track has a SourceBuffer, to which the
 * records of the track are appended as they arrive. Playback stays near the live edge.
 * @typedef {import('../line/record.js').MediaRecord} MediaRecord
 * @typedef {import('../line/connection.js').Hello} Hello
 */
import { BROWSER } from '../../page/environment.js';
import { Attachment } from './attachment.js';
import { BurstPhase } from './burst_phase.js';
import { LiveEdge, START_LAG } from './live_edge.js';
import { mimeFor, sourceClass } from '../line/mime.js';
import { nextMseState } from './mse_state.js';
import { KIND, TRACK, readInit } from '../line/record.js';
import { Pauses } from '../timing/pauses.js';
import { Timeline } from '../timing/timeline.js';
import { TrackBuffer } from './track_buffer.js';
import { FrameWatch } from '../timing/frame_watch.js';

/** @typedef {import('./mse_state.js').MseState} MseState */
/** @typedef {import('./mse_state.js').MseEvent} MseEvent */

const TICK = 100; // ms
const BACK = 10; // s of media kept behind the playhead
const BURST_WAIT = 60; // ms without a record after which the burst counts as complete
const SOUND_WAIT = 200; // ms to wait for an audio track that the hello did not announce
const START_WAIT = 200; // ms during which the element may find its start position by itself
const PATIENCE = 1_000; // ms after a seek during which no second seek is made
const NEAR = 100; // ms; a larger delay needs a seek, a smaller delay only a higher playback rate
const MAX_WAITING = 1_000; // records that may wait until the source opens; twelve seconds of media
const STALL = 250; // ms without a new frame that count as a stall, as in the WebCodecs player
const GAP = 0.05; // minimum size of a hole that needs a seek, s; browsers skip smaller holes

/**
 * Whether the browser is WebKit. WebKit stops permanently if frames are appended one by one, and
 * stutters at each change of the playback rate.
 */
const isWebKit = navigator.vendor?.startsWith('Apple') ?? false;
const isChromium = 'chrome' in self;

export class MsePlayer {
  name = 'mse';
  stream = '';
  element;
  #video;
  #events;
  #clock;
  #attachment;
  /** @type {MseState} */
  #state = 'opening';
  #timeline = new Timeline();
  #edge = new LiveEdge({ fractionalRates: !isWebKit });
  #watch;
  /** @type {Map<number, {mime: string, segment: Uint8Array<ArrayBuffer>}>} */
  #inits = new Map();
  /** @type {Map<number, TrackBuffer>} */
  #buffers = new Map();
  /** @type {MediaRecord[]} */
  #waiting = [];
  /** Number of tracks of slot 0 that the hello announced and the browser can decode. */
  #expected = 0;
  #burst = new BurstPhase();
  #firstAt = NaN;
  #lastAt = NaN;
  #ticker;
  #stalls = 0;
  #pauses = new Pauses();
  /**
   * Time at which the media element last ran out of media: `at` in player time, `since` in local
   * time, both in ms. Valid in the states “dry” and “recovering”.
   */
  #dry = { at: NaN, since: NaN };
  #seeks = 0;
  #lastSeekAt = -Infinity;
  /** Whether the room is on standby: the element is paused, and media is ignored. */
  #standby = false;
  /** Whether there was a standby: the time of the first frame then says nothing about the page. */
  #waited = false;
  #listening = new AbortController();
  #environment;

  /**
   * @param {HTMLVideoElement} video
   * @param {import('../line/server_clock.js').ServerClock} clock
   * @param {import('../player.js').PlayerEvents} events
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   * @param {import('../../boot/preload.js').FirstSource | null} [first]
   */
  constructor(video, clock, events, environment = BROWSER, first = null) {
    this.element = this.#video = video;
    this.#clock = clock;
    this.#events = events;
    this.#environment = environment;
    this.#attachment = new Attachment(
      video,
      () => {
        this.#handle('opened');
        this.#begin();
      },
      first,
    );
    this.#watch = new FrameWatch(
      video,
      () => {
        this.#handle('shown');
        events.picture();
        this.#leaveKeyFrame();
      },
      () => this.#standby || events.moving(),
    );
    const { signal } = this.#listening;
    video.addEventListener('waiting', () => this.#ranDry(), { signal });
    video.addEventListener('playing', () => this.#playsAgain(this.#now), { signal });
    video.addEventListener('resize', () => events.sized(video.videoWidth, video.videoHeight), {
      signal,
    });
    video.addEventListener(
      'error',
      () => this.#broken(video.error?.message || 'the media element failed'),
      { signal },
    );
    this.#ticker = environment.setInterval(() => this.#tick(), TICK);
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
    if (this.#video.paused && this.#attached && !this.#standby) this.resume();
  }

  /**
   * Begins or ends the standby, in which the last frame stays on the screen.
   * @param {boolean} standby
   */
  set standby(standby) {
    if (standby === this.#standby) return;
    this.#standby = standby;
    this.#waited = true;
    this.#watch.rest();
    if (standby) this.#video.pause();
    else this.#play();
  }

  #play() {
    const now = this.#now;
    this.#burst.begin(this.#clock.at(now), this.#timeline.begun);
    this.#lastSeekAt = now;
    if (this.#attached) this.resume();
  }

  /** @returns {MseState} */
  get state() {
    return this.#state;
  }

  /** @param {Hello} hello */
  hello(hello) {
    this.#burst.begin(hello.now, this.stream !== '');
    this.stream = hello.stream;
    this.#expected = hello.tracks.filter(({ slot }) => slot === 0).length;
  }

  /**
   * @param {MediaRecord} record
   * @param {number} arrival ms
   */
  record(record, arrival) {
    if (record.slot !== 0 || this.#state === 'broken') return;
    if (record.kind === KIND.INIT) return this.#init(record);
    if (record.kind !== KIND.MEDIA || !this.#inits.has(record.track) || this.#standby) return;
    this.#burst.receive(record.publishTime);
    if (!this.#timeline.accept(record, arrival, !this.#burst.arriving)) return;
    if (record.track === TRACK.VIDEO) {
      this.#pauses.add(record.sequence, this.#timeline.newestPicture);
    }
    this.#lastAt = this.#now;
    if (this.#attached) {
      this.#buffers.get(record.track)?.append(record.body);
    } else {
      if (!this.#waiting.length) this.#firstAt = arrival;
      this.#waiting.push(record);
      if (this.#waiting.length > MAX_WAITING) {
        return this.#broken('the media source does not open');
      }
      this.#begin();
    }
  }

  resume() {
    this.#video.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  /** @returns {import('../player.js').PlayerStats} */
  stats() {
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } =
      this.#video.getVideoPlaybackQuality?.() ?? {};
    const now = this.#now;
    const capture = this.#timeline.captureOf(this.#watch.mediaTime);
    return {
      behindLens: (this.#clock.at(this.#watch.shownAt) - capture) / 1000,
      captureError: this.#clock.error / 1000,
      captureEstimated: this.#timeline.estimated,
      lag: this.#timeline.arrivals.edge(now) - this.#position,
      target: this.#edge.target,
      buffer: Math.max(0, this.#timeline.newest - this.#position),
      jitter: this.#timeline.arrivals.jitter,
      rate: this.#video.playbackRate,
      width: this.#video.videoWidth,
      height: this.#video.videoHeight,
      frames: totalVideoFrames,
      dropped: droppedVideoFrames,
      stalls: this.#stalls,
      seeks: this.#seeks,
      firstPicture: this.#waited ? NaN : this.#watch.firstPicture,
      position: this.#watch.mediaTime * 1000,
      mediaTime: this.#timeline.toMedia(this.#watch.mediaTime * 1000),
      playing: now - this.#watch.shownAt < 500, // shownAt is NaN before the first frame
    };
  }

  close() {
    this.#handle('closed');
    this.#environment.clearInterval(this.#ticker);
    this.#listening.abort();
    this.#watch.close();
    for (const buffer of this.#buffers.values()) buffer.close();
    this.#buffers.clear();
    this.#attachment.close();
  }

  /** Whether the source buffers exist and accept records. */
  get #attached() {
    return this.#buffers.size > 0;
  }

  get #position() {
    return this.#video.currentTime * 1000;
  }

  get #now() {
    return this.#environment.now();
  }

  /**
   * @param {MseEvent} event
   * @returns {boolean} whether the state changed
   */
  #handle(event) {
    const before = this.#state;
    this.#state = nextMseState(before, event);
    return this.#state !== before;
  }

  /**
   * Reports a failure of this player, but only once. The room keeps the last frame and then calls
   * `close`.
   * @param {string} reason
   * @param {boolean} [final]
   */
  #broken(reason, final = false) {
    if (this.#handle('failed')) this.#events.broken(reason, final);
  }

  /** @param {MediaRecord} record */
  #init(record) {
    const { codec, segment } = readInit(record.body);
    const mime = mimeFor(
      record.track === TRACK.VIDEO ? 'video' : 'audio',
      codec,
      sourceClass(self),
    );
    if (!mime) {
      if (record.track === TRACK.VIDEO) this.#broken(`This browser cannot decode ${codec}.`, true);
      else this.#expected--;
      return;
    }
    this.#inits.set(record.track, { mime, segment });
    const buffer = this.#buffers.get(record.track);
    if (buffer) return buffer.init(mime, segment);
    // A playing source cannot gain a track. If a creator adds audio, a new player is needed.
    if (this.#attached) this.#broken('a track was added');
  }

  /** Fills the source buffers, if the tracks are known and the burst has arrived. */
  #begin() {
    if (this.#state !== 'collecting' || !this.#timeline.begun) return;
    const now = this.#now;
    if (this.#burst.arriving && now - this.#lastAt < BURST_WAIT) return;
    const complete = this.#expected ? this.#inits.size >= this.#expected : this.#inits.size === 2;
    if (!complete && now - this.#firstAt < SOUND_WAIT) return;
    // Start at the first frame, which is a keyframe. The browser shows this frame before it decodes
    // the later frames, and then one seek leads to the live edge. Chromium and WebKit need no seek
    // to the first frame: they start at zero, because the first sample is near zero. A seek would
    // start Chromium's pipeline twice. In WebKitGTK, a seek often makes the pipeline fail ("Failed
    // to push buffer").
    if (!isChromium && !isWebKit) this.#video.currentTime = this.#timeline.first / 1000;
    this.#lastSeekAt = now;
    try {
      this.#fill();
    } catch (error) {
      return this.#broken(String(error));
    }
    this.#handle('filled');
    this.resume();
  }

  /**
   * Creates one TrackBuffer per track. In one call, each TrackBuffer appends the init segment and
   * all media that waits for it.
   */
  #fill() {
    const options = {
      batch: isWebKit ? 100 : 0,
      offset: -this.#timeline.base / 1e6,
      broken: (/** @type {string} */ reason) => this.#broken(reason),
      environment: this.#environment,
    };
    for (const [track, { mime }] of this.#inits) {
      this.#buffers.set(track, new TrackBuffer(this.#attachment.source, mime, options));
    }
    for (const [track, buffer] of this.#buffers) {
      const init = this.#inits.get(track);
      const records = this.#waiting.filter((record) => record.track === track);
      if (init)
        buffer.init(
          init.mime,
          init.segment,
          records.map(({ body }) => body),
        );
    }
    this.#waiting = [];
  }

  /**
   * Seeks from the first keyframe to the live edge. Does nothing if the distance is so short that a
   * higher playback rate is enough.
   */
  #leaveKeyFrame() {
    const { newest } = this.#timeline;
    if (newest - this.#position <= START_LAG + NEAR) return;
    this.#seek(this.#edge.startPosition(newest), this.#now);
  }

  #ranDry() {
    // `waiting` also fires on every seek and at the very first start.
    const now = this.#now;
    if (this.#video.seeking || now - this.#lastSeekAt < 300) return;
    const first = this.#state === 'playing';
    if (!this.#handle('starved')) return;
    this.#edge.starve(now);
    if (!first) return;
    this.#dry = { at: this.#position, since: now };
    this.#watch.takeLongest();
  }

  /**
   * Counts an underflow as a stall if a frame stayed on the screen for too long. This is known only
   * when the next frame is on the screen. The event `waiting` is not enough, because Chromium also
   * fires `waiting` for underflows that are too short to see.
   */
  #checkRecovery() {
    if (this.#state !== 'recovering' || this.#watch.shownAt <= this.#dry.since) return;
    if (this.#watch.takeLongest() >= STALL && !this.#pauses.explain(this.#dry.at)) this.#stalls++;
    this.#handle('shown');
  }

  /**
   * Leaves the state “dry” if the live-edge control has recovered from an underflow. Call this
   * after each call of a LiveEdge method that may end the underflow.
   */
  #followEdge() {
    if (!this.#edge.starving) this.#handle('fed');
  }

  /** @param {number} now */
  #playsAgain(now) {
    const to = this.#edge.resume(now, this.#position, this.#timeline.newest);
    this.#followEdge();
    if (to !== null) this.#seek(to, now);
  }

  #tick() {
    if (this.#state === 'broken') return;
    if (!this.#attached) return this.#begin();
    const now = this.#now;
    if (this.#state === 'starting') return this.#helpStart(now);
    const settling = this.#video.seeking && now - this.#lastSeekAt < PATIENCE;
    if (this.#video.paused || settling) return;
    this.#checkRecovery();
    this.#trim();
    if (!this.#correct(now)) this.#steer(now);
  }

  #trim() {
    const end = this.#video.currentTime - BACK;
    for (const buffer of this.#buffers.values()) buffer.trim(end);
  }

  /**
   * Seeks to the live edge if the player is too far behind after a reconnection, or if playback is
   * stuck. Returns whether a seek was needed.
   * @param {number} now
   */
  #correct(now) {
    const { newest } = this.#timeline;
    const late = this.#burst.takeLanded() && newest - this.#position > this.#edge.target + 300;
    const stuck = this.#stuck(now);
    // The element fires no `waiting` while audio continues.
    if (stuck && this.#state === 'playing') this.#stalls++;
    if (late || stuck) this.#seek(this.#edge.startPosition(newest), now);
    return late || stuck;
  }

  /**
   * Follows the live edge: sets the playback rate, or seeks if the distance is too large for this.
   * @param {number} now
   */
  #steer(now) {
    const { newest, arrivals } = this.#timeline;
    const edge = arrivals.edge(now);
    if (Number.isNaN(edge)) return;
    const { jitter } = arrivals;
    const silent = this.#video.muted;
    const position = this.#position;
    const { rate, seek } = this.#edge.decide({ now, position, edge, newest, jitter, silent });
    this.#followEdge();
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
    if (seek !== null) this.#seek(seek, now);
  }

  /**
   * Seeks if the start position has no media, because the media element would otherwise wait for
   * ever. This happens when the start position is in a hole or before a track's first sample, for
   * example if the creator has just started.
   * @param {number} now
   */
  #helpStart(now) {
    if (now - this.#lastSeekAt <= START_WAIT) return;
    const place = this.#reachable(this.#video.currentTime);
    if (place === null || place <= this.#video.currentTime) return;
    this.#seek(this.#edge.startPosition(this.#timeline.newest), now);
  }

  /**
   * Whether playback waits at a hole although media follows the hole, or the frame does not change
   * although newer frames have arrived. A frame may fail to change while audio continues, and the
   * element then fires no event. This test also detects every other failure of playback.
   * @param {number} now
   */
  #stuck(now) {
    if (now - this.#lastSeekAt < PATIENCE) return false;
    const { currentTime } = this.#video;
    const behind = this.#reachable(currentTime + GAP);
    const atHole = this.#state === 'dry' && behind !== null && behind > currentTime + 2 * GAP;
    const newer = this.#timeline.newestPicture > this.#watch.mediaTime * 1000 + 400;
    return atHole || (newer && now - this.#watch.shownAt > 500);
  }

  /**
   * Returns `seconds`, or the start of the next media if `seconds` is in a hole, or null if no
   * media follows.
   * @param {number} seconds
   */
  #reachable(seconds) {
    const { buffered } = this.#video;
    for (let n = 0; n < buffered.length; n++) {
      if (buffered.end(n) > seconds) return Math.max(seconds, buffered.start(n));
    }
    return null;
  }

  /**
   * Seeks to `to` (ms), or to the next position with media. Does nothing if no media follows,
   * because a seek into a hole never ends.
   * @param {number} to
   * @param {number} now
   */
  #seek(to, now) {
    const seconds = this.#reachable(to / 1000);
    if (seconds === null) return;
    this.#seeks++;
    this.#lastSeekAt = now;
    this.#edge.recover(now);
    this.#followEdge();
    this.#video.currentTime = seconds;
  }
}
