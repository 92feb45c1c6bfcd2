/**
 * Decodes pictures and draws the one that is due. Needs a canvas and no document, so that it runs in the page (for the first picture, which
 * waits for nobody) as well as in a worker.
 *
 * Decoders have few frames to give: what is not due soon waits in front of the decoder, not behind it.
 *
 * @typedef {{data: Uint8Array<ArrayBuffer>, media: number, key: boolean, sequence: number}} AccessUnit  media: ms of player time
 * @typedef {{codec: string, description: Uint8Array<ArrayBuffer>, width: number, height: number}} PictureConfig
 */
import { Pauses } from '../timing/pauses.js';
import { Playhead } from './playhead.js';

const DECODED = 6; // frames that may lie decoded, or be on their way through the decoder
const AHEAD = 120; // ms before it is due that a frame is decoded
const BACKLOG = 900; // access units; half a minute that nobody decodes is a decoder that does not work
const MUTE = 5_000; // ms in which a decoder that has plenty gives nothing
const PLENTY = 60; // access units; none needs as many before it gives a picture
const EARLY = 6; // ms; a frame that is due before the next refresh of the screen is shown at this one
const DETOUR = 10; // ms; what is drawn beside the page comes to the screen up to a refresh later
const FIRST = 80; // ms that the first picture has the decoder, and the page, to itself
const OVERDUE = 250; // ms without a picture that was due

export class Picture {
  playhead = new Playhead();
  frames = 0;
  dropped = 0;
  stalls = 0;
  /** ms of player time, of the picture on the canvas */
  media = NaN;
  /** ms, local: when that was drawn */
  drawnAt = NaN;
  /** @type {((frame: VideoFrame) => void) | null} gets, and closes, a copy of each picture */
  mirror = null;
  #canvas;
  #early;
  #context;
  #events;
  #decoder;
  /** @type {AccessUnit[]} */
  #encoded = [];
  /** @type {VideoFrame[]} */
  #decoded = [];
  /** @type {number[]} µs of player time: what the decoder has and has not given back */
  #inside = [];
  #awaitsKey = true;
  #request = 0;
  #pauses = new Pauses();
  #begunAt = NaN;
  #gaveAt = NaN;
  /** @type {PictureConfig | null} */
  #config = null;

  /**
   * @param {HTMLCanvasElement | OffscreenCanvas} canvas
   * @param {{drawn: (media: number, width: number, height: number) => void, broken: (reason: string, final?: boolean) => void}} events
   */
  constructor(canvas, events) {
    this.#canvas = canvas;
    this.#early = EARLY + ('document' in self ? 0 : DETOUR);
    this.#events = events;
    // Without alpha nothing behind it is composited; a canvas that is always overwritten whole needs none.
    const context = canvas.getContext('2d', { alpha: false, desynchronized: false });
    if (!context) throw new Error('this browser gives no canvas to draw on');
    this.#context = /** @type {CanvasRenderingContext2D} */ (context);
    this.#decoder = new VideoDecoder({ output: (frame) => this.#output(frame), error: (error) => this.#fail(error.message, error.name === 'NotSupportedError') });
  }

  /** @param {PictureConfig} config */
  configure(config) {
    const same = this.#config && this.#config.codec === config.codec && equal(this.#config.description, config.description);
    // It comes again with every connection, and a decoder that is configured anew wants a key frame.
    if (same || this.#decoder.state === 'closed') return;
    this.#config = config;
    this.#awaitsKey = true;
    // Frames of the old parameters that still wait need them: they are few, and gone with the picture they made.
    this.#encoded = [];
    const wanted = { codec: config.codec, description: config.description, optimizeForLatency: true };
    this.#decoder.configure(wanted);
    // Beside it, since the first picture must not wait for the answer. A decoder that cannot be had says so as if it had failed.
    VideoDecoder.isConfigSupported(wanted).then(({ supported }) => supported || this.#fail(`no decoder for ${config.codec}`, true), () => {});
  }

  /** @param {AccessUnit} unit */
  push(unit) {
    this.#pauses.add(unit.sequence, unit.media);
    if (this.#decoder.state !== 'configured' || (this.#awaitsKey && !unit.key)) return;
    this.#awaitsKey = false;
    this.#encoded.push(unit);
    const now = performance.now();
    const mute = this.#inside.length > PLENTY && now - this.#gaveAt > MUTE;
    if (mute || this.#encoded.length > BACKLOG) return this.#fail('the decoder stands still');
    this.#feed(now);
  }

  /**
   * The clock has spoken: `wanted` is the media time (ms) that should be on the screen at `now`.
   * @param {number} now
   * @param {number} wanted
   */
  follow(now, wanted) {
    this.playhead.follow(now, wanted);
    this.#feed(now);
    this.#show(now);
  }

  close() {
    this.#cancel();
    for (const frame of this.#decoded.splice(0)) frame.close();
    this.#encoded = [];
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }

  /** @param {number} now */
  #feed(now) {
    const due = this.playhead.at(now);
    while (this.#encoded.length && this.#decoder.state === 'configured') {
      // What a join brings behind its key frame would be in the way of that. Not for ever: some decoders give nothing before they have more.
      if (!this.frames && now - this.#begunAt < FIRST) break;
      const [unit] = this.#encoded;
      if (!unit) return;
      const late = Number.isNaN(due) || unit.media <= due;
      if (!late && (unit.media > due + AHEAD || this.#decoded.length + this.#inside.length >= DECODED)) break;
      this.#encoded.shift();
      if (Number.isNaN(this.#begunAt)) this.#begunAt = now;
      if (!this.#inside.length) this.#gaveAt = now; // it had nothing to give before
      const timestamp = Math.round(unit.media * 1_000);
      this.#inside.push(timestamp);
      try {
        this.#decoder.decode(new EncodedVideoChunk({ type: unit.key ? 'key' : 'delta', timestamp, data: unit.data }));
      } catch (error) {
        return this.#fail(String(error));
      }
    }
    this.#await();
  }

  /** @param {VideoFrame} frame */
  #output(frame) {
    // Frames come in the order of their times: one that was to come before this one never will.
    this.#inside = this.#inside.filter((timestamp) => timestamp > frame.timestamp);
    this.#decoded.push(frame);
    const now = (this.#gaveAt = performance.now());
    // While it hurries after the live edge only the screen's own pace draws; the very first picture is drawn at once.
    if (!this.#inside.length || !this.frames) this.#show(now);
    this.#feed(now);
  }

  /**
   * Draws the newest picture that is due; the ones before it will never be seen.
   * @param {number} now
   */
  #show(now) {
    const due = this.playhead.at(now) + this.#early;
    let shown = null;
    while (this.#decoded.length) {
      const [frame] = this.#decoded;
      if (!frame || frame.timestamp / 1_000 > due) break;
      if (shown) {
        shown.close();
        this.dropped++;
      }
      shown = frame;
      this.#decoded.shift();
    }
    if (shown) this.#draw(shown, now);
    this.#await();
  }

  /**
   * @param {VideoFrame} frame
   * @param {number} now
   */
  #draw(frame, now) {
    const { displayWidth, displayHeight } = frame;
    // Setting a size clears: only where it changed.
    if (this.#canvas.width !== displayWidth || this.#canvas.height !== displayHeight) {
      this.#canvas.width = displayWidth;
      this.#canvas.height = displayHeight;
    }
    if (this.#overdue(now)) this.stalls++;
    this.#context.drawImage(frame, 0, 0, displayWidth, displayHeight);
    this.media = frame.timestamp / 1_000;
    this.drawnAt = now;
    this.frames++;
    this.mirror?.(frame.clone());
    frame.close();
    this.#events.drawn(this.media, displayWidth, displayHeight);
  }

  /**
   * The picture stood while later ones were due, and not because the creator sent none.
   * @param {number} now
   */
  #overdue(now) {
    if (!this.frames || now - this.drawnAt < OVERDUE || this.playhead.at(now) - this.media < OVERDUE) return false;
    return !this.#pauses.explain(this.media);
  }

  /** A look at every refresh of the screen while there is something to come. */
  #await() {
    if (this.#request || !(this.#decoded.length || this.#encoded.length)) return;
    this.#request = self.requestAnimationFrame(() => {
      this.#request = 0;
      const now = performance.now();
      this.#feed(now);
      this.#show(now);
    });
  }

  #cancel() {
    self.cancelAnimationFrame(this.#request);
    this.#request = 0;
  }

  /**
   * @param {string} reason
   * @param {boolean} [final]
   */
  #fail(reason, final = false) {
    this.close();
    this.#events.broken(`picture: ${reason}`, final);
  }
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function equal(a, b) {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}
