/**
 * Plays a stream through Media Source Extensions: one SourceBuffer for each track, fed record by record, and held at the live edge.
 * @typedef {import('../line/record.js').MediaRecord} MediaRecord
 * @typedef {import('../line/connection.js').Hello} Hello
 */
import { Attachment, mimeFor } from './attachment.js';
import { LiveEdge, START_LAG } from './live_edge.js';
import { KIND, TRACK, readInit } from '../line/record.js';
import { Pauses } from '../timing/pauses.js';
import { Timeline } from '../timing/timeline.js';
import { TrackBuffer } from './track_buffer.js';
import { FrameWatch } from '../timing/frame_watch.js';

const TICK = 100;
const BACK = 10; // s kept behind the playhead
const BURST_TAIL = 60_000; // µs; a record published this shortly before the hello ends the burst of a join
const BURST_WAIT = 60; // ms without a record: then there is no tail, the creator is not sending
const SOUND_WAIT = 200; // ms without a sound track that the hello did not know of
const START_WAIT = 200; // ms for a start to find its place by itself
const PATIENCE = 1_000; // ms for a seek to be answered by a picture
const NEAR = 100; // ms that are walked off rather than jumped
const WAITING = 1_000; // records; some twelve seconds of picture and sound
const STALL = 250; // ms that the picture stands; as of WebCodecs
const GAP = 0.05; // s; browsers close smaller holes themselves

/** WebKit wedges on appends of single frames and stutters at each change of rate. */
const isWebKit = navigator.vendor.startsWith('Apple');
const isChromium = 'chrome' in self;

export class MsePlayer {
  name = 'mse';
  stream = '';
  element;
  #video;
  #events;
  #clock;
  #attachment;
  #opened = false;
  #failed = false;
  #timeline = new Timeline();
  #edge = new LiveEdge({ fractionalRates: !isWebKit });
  #watch;
  /** @type {Map<number, {mime: string, segment: Uint8Array<ArrayBuffer>}>} */
  #inits = new Map();
  /** @type {Map<number, TrackBuffer>} */
  #buffers = new Map();
  /** @type {MediaRecord[]} */
  #waiting = [];
  #expected = 0;
  #burstEnd = 0;
  #bursting = true;
  #resync = false;
  #firstAt = NaN;
  #lastAt = NaN;
  #ticker;
  #stalls = 0;
  #pauses = new Pauses();
  #dryAt = NaN;
  #drySince = NaN;
  #seeks = 0;
  #lastSeekAt = -Infinity;
  /** @type {AbortController} */
  #listening = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {import('../line/server_clock.js').ServerClock} clock
   * @param {import('../player.js').PlayerEvents} events
   */
  constructor(video, clock, events) {
    this.element = this.#video = video;
    this.#clock = clock;
    this.#events = events;
    this.#attachment = new Attachment(video, () => {
      this.#opened = true;
      this.#begin();
    });
    this.#watch = new FrameWatch(video, () => {
      events.picture();
      this.#leaveKeyFrame();
    });
    const { signal } = this.#listening;
    video.addEventListener('waiting', () => this.#ranDry(), { signal });
    video.addEventListener('playing', () => this.#playsAgain(performance.now()), { signal });
    video.addEventListener('resize', () => events.sized(video.videoWidth, video.videoHeight), { signal });
    video.addEventListener('error', () => this.#broken(video.error?.message || 'the media element failed'), { signal });
    this.#ticker = self.setInterval(() => this.#tick(), TICK);
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
    if (this.#video.paused && this.#buffers.size) this.resume();
  }

  /** @param {Hello} hello */
  hello(hello) {
    this.#resync = this.stream !== '';
    this.stream = hello.stream;
    this.#burstEnd = hello.now - BURST_TAIL;
    this.#bursting = true;
    this.#expected = hello.tracks.filter(({ slot }) => slot === 0).length;
  }

  /**
   * @param {MediaRecord} record
   * @param {number} arrival ms
   */
  record(record, arrival) {
    if (record.slot !== 0 || this.#failed) return;
    if (record.kind === KIND.INIT) return this.#init(record);
    if (record.kind !== KIND.MEDIA || !this.#inits.has(record.track)) return;
    if (record.publishTime >= this.#burstEnd) this.#bursting = false;
    if (!this.#timeline.accept(record, arrival, !this.#bursting)) return;
    if (record.track === TRACK.VIDEO) this.#pauses.add(record.sequence, this.#timeline.newestPicture);
    this.#lastAt = performance.now();
    if (this.#buffers.size) {
      this.#buffers.get(record.track)?.append(record.body);
    } else {
      if (!this.#waiting.length) this.#firstAt = arrival;
      this.#waiting.push(record);
      if (this.#waiting.length > WAITING) return this.#broken('the media source does not open');
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
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } = this.#video.getVideoPlaybackQuality?.() ?? {};
    const now = performance.now();
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
      firstPicture: this.#watch.firstPicture,
      position: this.#watch.mediaTime * 1000,
      playing: this.#watch.started && now - this.#watch.shownAt < 500,
    };
  }

  close() {
    self.clearInterval(this.#ticker);
    this.#listening.abort();
    this.#watch.close();
    for (const buffer of this.#buffers.values()) buffer.close();
    this.#buffers.clear();
    this.#attachment.close();
  }

  get #position() {
    return this.#video.currentTime * 1000;
  }

  /**
   * Says so once; the room looks at the last picture and then calls `close`.
   * @param {string} reason
   * @param {boolean} [final]
   */
  #broken(reason, final = false) {
    if (this.#failed) return;
    this.#failed = true;
    this.#events.broken(reason, final);
  }

  /** @param {MediaRecord} record */
  #init(record) {
    const { codec, segment } = readInit(record.body);
    const mime = mimeFor(record.track === TRACK.VIDEO ? 'video' : 'audio', codec);
    if (!mime) {
      if (record.track === TRACK.VIDEO) this.#broken(`This browser cannot decode ${codec}.`, true);
      else this.#expected--;
      return;
    }
    this.#inits.set(record.track, { mime, segment });
    const buffer = this.#buffers.get(record.track);
    if (buffer) return buffer.init(mime, segment);
    // A source cannot grow a track once it plays: a creator who now has sound needs a new player.
    if (this.#buffers.size) this.#broken('a track was added');
  }

  /** Starts as soon as the tracks are known, the source is open and the burst of the join is here, and then at its end. */
  #begin() {
    if (!this.#opened || this.#buffers.size || !this.#timeline.begun) return;
    const now = performance.now();
    if (this.#bursting && now - this.#lastAt < BURST_WAIT) return;
    const complete = this.#expected ? this.#inits.size >= this.#expected : this.#inits.size === 2;
    if (!complete && now - this.#firstAt < SOUND_WAIT) return;
    const options = {
      batch: isWebKit ? 100 : 0,
      offset: -this.#timeline.base / 1e6,
      broken: (/** @type {string} */ reason) => this.#broken(reason),
    };
    // The first picture is the key frame: it can be shown before anything behind it is decoded. From there one seek leads to the edge. Chromium and
    // WebKit start at zero when the first sample is as near as it is here. A seek to it would start Chromium's pipeline twice, and WebKitGTK's, which is
    // only being put together, often fails by it ("Failed to push buffer").
    if (!isChromium && !isWebKit) this.#video.currentTime = this.#timeline.first / 1000;
    this.#lastSeekAt = now;
    try {
      for (const [track, { mime }] of this.#inits) this.#buffers.set(track, new TrackBuffer(this.#attachment.source, mime, options));
    } catch (error) {
      return this.#broken(String(error));
    }
    // One append for each track: the init segment and everything since the key frame.
    for (const [track, buffer] of this.#buffers) {
      const init = this.#inits.get(track);
      const bodies = this.#waiting.filter((record) => record.track === track).map(({ body }) => body);
      if (init) buffer.init(init.mime, init.segment, bodies);
    }
    this.#waiting = [];
    this.resume();
  }

  /** From the first picture to the edge, if that is further than a walk. */
  #leaveKeyFrame() {
    const { newest } = this.#timeline;
    if (newest - this.#position > START_LAG + NEAR) this.#seek(this.#edge.startPosition(newest), performance.now());
  }

  #ranDry() {
    // `waiting` also comes with every seek and with the very first start.
    if (this.#video.seeking || !this.#watch.started || performance.now() - this.#lastSeekAt < 300) return;
    this.#edge.starve(performance.now());
    if (!Number.isNaN(this.#dryAt)) return;
    this.#dryAt = this.#position;
    this.#drySince = performance.now();
    this.#watch.takeLongest();
  }

  /**
   * Once there is a picture again: only then it shows how long the last one stood, and whether there was another to have. Chromium says that it waits
   * also where nobody could see it.
   */
  #countStall() {
    if (Number.isNaN(this.#dryAt) || this.#watch.shownAt <= this.#drySince) return;
    if (this.#watch.takeLongest() >= STALL && !this.#pauses.explain(this.#dryAt)) this.#stalls++;
    this.#dryAt = NaN;
  }

  /** @param {number} now */
  #playsAgain(now) {
    const to = this.#edge.resume(now, this.#position, this.#timeline.newest);
    if (to !== null) this.#seek(to, now);
  }

  #tick() {
    if (!this.#buffers.size) return this.#begin();
    const now = performance.now();
    if (!this.#watch.started) return this.#helpStart(now);
    const settling = this.#video.seeking && now - this.#lastSeekAt < PATIENCE;
    if (this.#video.paused || settling) return;
    if (!this.#edge.starving) this.#countStall();
    const { newest, arrivals } = this.#timeline;
    const position = this.#position;
    for (const buffer of this.#buffers.values()) buffer.trim(this.#video.currentTime - BACK);
    const late = this.#resync && !this.#bursting && newest - position > this.#edge.target + 300;
    if (!this.#bursting) this.#resync = false;
    const stuck = this.#stuck(now);
    // While sound runs on the element does not say that it waits.
    if (stuck && Number.isNaN(this.#dryAt)) this.#stalls++;
    if (late || stuck) return this.#seek(this.#edge.startPosition(newest), now);
    const edge = arrivals.edge(now);
    if (Number.isNaN(edge)) return;
    const { rate, seek } = this.#edge.decide({ now, position, edge, newest, jitter: arrivals.jitter, silent: this.#video.muted });
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
    if (seek !== null) this.#seek(seek, now);
  }

  /**
   * The start is a seek too. Where it fell before a track's first sample, or into a hole, as when the creator has only just begun,
   * the element would wait for ever.
   * @param {number} now
   */
  #helpStart(now) {
    const place = this.#reachable(this.#video.currentTime);
    const beyond = place !== null && place > this.#video.currentTime;
    if (beyond && now - this.#lastSeekAt > START_WAIT) this.#seek(this.#edge.startPosition(this.#timeline.newest), now);
  }

  /**
   * At a hole with media behind it; or the picture stands although newer ones are here: sound may be running on, and then the
   * element says nothing. This is also the net under everything else: whatever went wrong, a second later it is tried again.
   * @param {number} now
   */
  #stuck(now) {
    if (now - this.#lastSeekAt < PATIENCE) return false;
    const behind = this.#reachable(this.#video.currentTime + GAP);
    const atHole = this.#edge.starving && behind !== null && behind > this.#video.currentTime + 2 * GAP;
    const frozen = now - this.#watch.shownAt > 500 && this.#timeline.newestPicture > this.#watch.mediaTime * 1000 + 400;
    return atHole || frozen;
  }

  /**
   * `seconds`, or if that lies in a hole, where media begins after it; null when there is none.
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
   * To `to` (ms) or the next place that has media. Without one it stays: a seek into nothing never ends.
   * @param {number} to
   * @param {number} now
   */
  #seek(to, now) {
    const seconds = this.#reachable(to / 1000);
    if (seconds === null) return;
    this.#seeks++;
    this.#lastSeekAt = now;
    this.#edge.recover(now);
    this.#video.currentTime = seconds;
  }
}
