/**
 * Plays the window of a live with Media Source Extensions: loads the segments one by one over HTTP.
 * One SourceBuffer has the video and the audio. The time of the video element is the media time.
 *
 * @typedef {import('./replay_window.js').ReplayWindow} ReplayWindow
 * @typedef {import('./replay_window.js').Segment} Segment
 *
 * @typedef {object} ReplayEvents
 * @property {() => void} shown    the moment is on the screen, or the replay plays again
 * @property {() => void} starved  the replay waits for media
 * @property {() => void} blocked  the browser plays only after a tap
 * @property {(reason: string) => void} broken  this player cannot go on
 *
 * @typedef {object} ReplayEngine
 * @property {(window: ReplayWindow) => void} take  the server has listed the window again
 * @property {(moment: number) => void} seek  µs
 * @property {() => void} play
 * @property {() => void} pause
 * @property {number} mediaTime  µs of the picture on the screen; NaN while unknown
 * @property {number} earliest   µs, the earliest moment that this player can show; NaN while unknown
 * @property {() => void} close
 */
import { sourceClass } from '../watch/line/mime.js';
import { Attachment } from '../watch/mse/attachment.js';

const AHEAD = 8e6; // media that is loaded ahead of the playhead, µs
const KEPT = 20; // s of media that stay in the buffer behind the playhead
const PATIENCE = 15_000; // ms in which a segment must arrive
const AGAIN = 1_000; // ms before a failed request is repeated
const ATTEMPTS = 4;
const TICK = 100; // ms between two checks of the playback
const GAP = 0.05; // s; browsers skip smaller gaps themselves
const NEAR_END = 1e5; // µs before the end of the buffer, where a seek would wait for more media

/**
 * Returns the MIME type of a segment, or null if this browser cannot play it.
 * @param {string} codecs
 * @param {any} [scope]  the browser's globals
 */
export function mimeOf(codecs, scope = self) {
  const source = sourceClass(scope);
  return (
    // WebKit recognises Opus in MP4 only with a capital letter.
    [codecs, codecs.replace('opus', 'Opus')]
      .map((names) => `video/mp4; codecs="${names}"`)
      .find((mime) => source?.isTypeSupported(mime)) ?? null
  );
}

export class MseReplay {
  #video;
  #load;
  #events;
  #environment;
  #attachment;
  /** @type {SourceBuffer | null} */
  #buffer = null;
  #mime = '';
  /** @type {ReplayWindow | null} */
  #window = null;
  /** Start of the next segment to load, µs. */
  #cursor = NaN;
  /** The moment to show once its media is in the buffer, µs; NaN if it is on the screen. */
  #target = NaN;
  /** Loaded segments that are not in the buffer yet. @type {{mime: string, data: ArrayBuffer}[]} */
  #queue = [];
  #flush = false;
  #attempts = 0;
  #waitUntil = -Infinity;
  /** @type {AbortController | null} */
  #loading = null;
  #opened = false;
  #over = false;
  #ticker;
  #listening = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {(segment: Segment, signal: AbortSignal) => Promise<ArrayBuffer | null>} load  null: the
   *   window no longer has this segment
   * @param {ReplayEvents} events
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(video, load, events, environment) {
    this.#video = video;
    this.#load = load;
    this.#events = events;
    this.#environment = environment;
    this.#attachment = new Attachment(video, () => {
      this.#opened = true;
      this.#pump();
    });
    const { signal } = this.#listening;
    const shown = () => Number.isNaN(this.#target) && video.readyState >= 2 && events.shown();
    video.addEventListener('seeked', shown, { signal });
    video.addEventListener('playing', shown, { signal });
    video.addEventListener('waiting', () => !video.seeking && events.starved(), { signal });
    video.addEventListener(
      'error',
      () => this.#broken(video.error?.message || 'the media element failed'),
      { signal },
    );
    this.#ticker = environment.setInterval(() => this.#tick(), TICK);
  }

  get mediaTime() {
    return Number.isNaN(this.#target) ? this.#video.currentTime * 1e6 : this.#target;
  }

  get earliest() {
    return this.#window?.start ?? NaN;
  }

  /** @param {ReplayWindow} window */
  take(window) {
    this.#window = window;
    this.#pump();
  }

  /** @param {number} moment */
  seek(moment) {
    this.#target = this.#window?.present(moment) ?? moment;
    if (this.#has(this.#target)) return this.#arrive();
    this.#loading?.abort();
    this.#loading = null;
    this.#queue = [];
    this.#flush = true;
    this.#attempts = 0;
    this.#cursor = this.#window?.keyFor(this.#target)?.start ?? moment;
    this.#pump();
  }

  play() {
    this.#video.play().catch((/** @type {DOMException} */ error) => {
      if (error.name === 'NotAllowedError') this.#events.blocked();
    });
  }

  pause() {
    this.#video.pause();
  }

  close() {
    this.#over = true;
    this.#listening.abort();
    this.#loading?.abort();
    this.#loading = null;
    this.#environment.clearInterval(this.#ticker);
    if (this.#buffer) this.#buffer.onupdateend = null;
    this.#attachment.close();
  }

  /**
   * Reports a failure, but only once.
   * @param {string} reason
   */
  #broken(reason) {
    if (this.#over) return;
    this.#over = true;
    this.#events.broken(reason);
  }

  /** @param {number} moment */
  #has(moment) {
    const ranges = this.#ranges;
    for (let n = 0; n < ranges.length; n++)
      if (ranges.start(n) * 1e6 <= moment && moment < ranges.end(n) * 1e6 - NEAR_END) return true;
    return false;
  }

  /** @returns {TimeRanges | {length: 0, start: (n: number) => number, end: (n: number) => number}} */
  get #ranges() {
    try {
      if (this.#buffer && !this.#flush) return this.#buffer.buffered;
    } catch {
      // The SourceBuffer was removed from its MediaSource.
    }
    return { length: 0, start: () => NaN, end: () => NaN };
  }

  /** Shows the target, whose media is in the buffer. */
  #arrive() {
    this.#video.currentTime = this.#target / 1e6;
    this.#target = NaN;
  }

  #tick() {
    this.#skipGap();
    this.#pump();
  }

  /** Continues after a gap, during which the creator was away. */
  #skipGap() {
    const { currentTime, seeking } = this.#video;
    const ranges = this.#ranges;
    if (seeking || !Number.isNaN(this.#target)) return;
    for (let n = 0; n + 1 < ranges.length; n++) {
      const [end, next] = [ranges.end(n), ranges.start(n + 1)];
      if (currentTime > end - GAP && currentTime < next) this.#video.currentTime = next + 0.001;
    }
  }

  /**
   * Does the next step of work, unless the SourceBuffer or the network is busy with the last one.
   */
  #pump() {
    if (!this.#opened || this.#over || this.#buffer?.updating) return;
    try {
      if (this.#flush && this.#buffer) {
        this.#flush = false;
        if (this.#buffer.buffered.length) return this.#buffer.remove(0, Infinity);
      }
      this.#flush = false;
      const next = this.#queue.shift();
      if (next) return this.#append(next);
      if (this.#trim()) return;
    } catch (error) {
      return this.#broken(String(error));
    }
    if (!Number.isNaN(this.#target)) this.#tryTarget();
    void this.#fetch();
  }

  #tryTarget() {
    if (this.#has(this.#target)) return this.#arrive();
    // The segment of the moment is lost: show the moment that follows.
    const ranges = this.#ranges;
    const start = ranges.length ? ranges.start(0) * 1e6 : NaN;
    if (this.#target < start) {
      this.#target = start + 1_000;
      if (this.#has(this.#target)) this.#arrive();
    }
  }

  /** Begins to remove media far behind the playhead. Returns whether there is such media. */
  #trim() {
    const ranges = this.#ranges;
    const end = this.#video.currentTime - KEPT;
    if (!this.#buffer || !ranges.length || ranges.start(0) > end - KEPT) return false;
    this.#buffer.remove(0, end);
    return true;
  }

  /** @param {{mime: string, data: ArrayBuffer}} segment */
  #append({ mime, data }) {
    if (!this.#buffer) {
      this.#buffer = this.#attachment.source.addSourceBuffer(mime);
      this.#buffer.mode = 'segments';
      this.#buffer.onupdateend = () => this.#pump();
    } else if (mime !== this.#mime) {
      if (tracksIn(mime) !== tracksIn(this.#mime))
        return this.#broken('the tracks of the live have changed');
      this.#buffer.changeType?.(mime);
    }
    this.#mime = mime;
    this.#buffer.appendBuffer(data);
  }

  /** Loads the next segment, if the playhead is near this segment. */
  async #fetch() {
    const segment = this.#window?.from(this.#cursor);
    const playhead = this.mediaTime;
    if (this.#loading || !segment || this.#environment.now() < this.#waitUntil) return;
    if (segment.start > playhead + AHEAD) return;
    const mime = mimeOf(this.#window?.codecsOf(segment) ?? '');
    if (!mime) return this.#broken('this browser cannot decode the replay');
    const loading = (this.#loading = new AbortController());
    const late = this.#environment.timeoutSignal(PATIENCE);
    late.addEventListener('abort', () => loading.abort());
    try {
      const data = await this.#load(segment, loading.signal);
      if (this.#loading !== loading) return;
      this.#attempts = 0;
      if (data) this.#queue.push({ mime, data });
      this.#cursor = segment.end;
    } catch (error) {
      if (this.#loading !== loading) return;
      if (++this.#attempts >= ATTEMPTS) return this.#broken(String(error));
      this.#waitUntil = this.#environment.now() + AGAIN;
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
    this.#pump();
  }
}

/** @param {string} mime */
const tracksIn = (mime) => mime.split(',').length;
