/**
 * Decodes frames and shows the frame that is due on a screen (screen.js). This module needs no
 * document, so that it runs in a worker as well as in a page.
 *
 * A decoder can hold only a few frames, so a frame is decoded only shortly before it is due.
 *
 * @typedef {{data: Uint8Array<ArrayBuffer>, media: number, key: boolean, sequence: number}}
 *   AccessUnit media: ms of player time
 * @typedef {{codec: string, description: Uint8Array<ArrayBuffer>, width: number, height: number}}
 *   PictureConfig
 */
import { BROWSER } from '../../page/environment.js';
import { Pauses } from '../timing/pauses.js';
import { DecoderSilence } from './decoder_silence.js';
import { Playhead } from './playhead.js';

const DECODED = 6; // maximum number of frames that are decoded or in the decoder
const AHEAD = 120; // ms; a frame is decoded at most this long before it is due
const BACKLOG = 900; // access units, half a minute; if more wait, the decoder counts as broken
const MUTE = 5_000; // ms; a decoder with PLENTY access units but no output for so long is broken
const PLENTY = 60; // access units, more than any decoder needs before its first frame
const REFRESH = 16; // ms
const EARLY = 6; // maximum time by which a frame may be shown before it is due, ms
const DETOUR = 10; // ms; a frame of a worker reaches the screen up to one refresh later
const FIRST = 80; // ms in which the decoder gets only the first frame
const OVERDUE = 250; // ms without a new frame although a frame was due

export class Picture {
  playhead = new Playhead();
  frames = 0;
  dropped = 0;
  stalls = 0;
  /** Player time of the frame on the screen, ms. */
  media = NaN;
  /** Local time at which the frame on the screen was drawn, ms. */
  drawnAt = NaN;
  /** @type {((frame: VideoFrame) => void) | null} receives a copy of each frame and closes it */
  mirror = null;
  #environment;
  #screen;
  #early;
  #events;
  #decoder;
  /** @type {AccessUnit[]} */
  #encoded = [];
  /** @type {VideoFrame[]} */
  #decoded = [];
  /** @type {number[]} timestamps in the decoder, µs of player time */
  #inside = [];
  #awaitsKey = true;
  #timer = 0;
  #wakesAt = 0;
  #pauses = new Pauses();
  #begunAt = NaN;
  #silence = new DecoderSilence();
  /** @type {PictureConfig | null} */
  #config = null;

  /**
   * @param {import('./screen.js').Screen} screen
   * @param {{drawn: (media: number, width: number, height: number) => void, broken: (reason:
   *   string, final?: boolean) => void}} events
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(screen, events, environment = BROWSER) {
    this.#environment = environment;
    this.#screen = screen;
    this.#early = EARLY + ('document' in self ? 0 : DETOUR);
    this.#events = events;
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#output(frame),
      error: (error) => this.#fail(error.message, error.name === 'NotSupportedError'),
    });
  }

  /** @param {PictureConfig} config */
  configure(config) {
    const same =
      this.#config &&
      this.#config.codec === config.codec &&
      equal(this.#config.description, config.description);
    // Every connection sends the parameters again. Do not configure again: the decoder would wait
    // for a keyframe.
    if (same || this.#decoder.state === 'closed') return;
    this.#config = config;
    this.#awaitsKey = true;
    // Drop the waiting frames, because they need the old parameters. Only a few frames wait.
    this.#encoded = [];
    const wanted = {
      codec: config.codec,
      description: config.description,
      optimizeForLatency: true,
    };
    this.#decoder.configure(wanted);
    // This check runs in parallel: the first frame does not wait for its result.
    VideoDecoder.isConfigSupported(wanted).then(
      ({ supported }) => supported || this.#fail(`no decoder for ${config.codec}`, true),
      () => {},
    );
  }

  /** @param {AccessUnit} unit */
  push(unit) {
    this.#pauses.add(unit.sequence, unit.media);
    if (this.#decoder.state !== 'configured' || (this.#awaitsKey && !unit.key)) return;
    this.#awaitsKey = false;
    this.#encoded.push(unit);
    const now = this.#environment.now();
    const mute = this.#silence.input(now) > MUTE;
    if ((mute && this.#inside.length > PLENTY) || this.#encoded.length > BACKLOG)
      return this.#fail('the decoder gives no frames');
    this.#feed(now);
  }

  /**
   * Sets the player time `wanted` (ms) of the frame that should be on the screen at `now`.
   * @param {number} now
   * @param {number} wanted
   */
  follow(now, wanted) {
    this.playhead.follow(now, wanted);
    this.#feed(now);
    this.#show(now);
  }

  /**
   * Shows every frame as soon as it is decoded, until `follow` is called. Call this when a standby
   * begins or ends. The time until the next frame is not a stall.
   * @param {boolean} standby
   */
  rest(standby) {
    this.#screen.resting = standby;
    this.playhead.reset();
    this.drawnAt = NaN;
  }

  /** Shows the last frame again. */
  repeat() {
    this.#screen.repeat();
  }

  close() {
    this.#cancel();
    for (const frame of this.#decoded.splice(0)) frame.close();
    this.#encoded = [];
    if (this.#decoder.state !== 'closed') this.#decoder.close();
    this.#screen.close();
  }

  /** @param {number} now */
  #feed(now) {
    const due = this.playhead.at(now);
    while (this.#encoded.length && this.#decoder.state === 'configured') {
      // Feed only the keyframe at first, because the rest of the burst would delay its output. Some
      // decoders need more input before they output a frame, so wait for a limited time only.
      if (!this.frames && now - this.#begunAt < FIRST) break;
      const [unit] = this.#encoded;
      if (!unit) return;
      const late = Number.isNaN(due) || unit.media <= due;
      if (
        !late &&
        (unit.media > due + AHEAD || this.#decoded.length + this.#inside.length >= DECODED)
      )
        break;
      this.#encoded.shift();
      if (Number.isNaN(this.#begunAt)) this.#begunAt = now;
      if (!this.#inside.length) this.#silence.end();
      const timestamp = Math.round(unit.media * 1_000);
      this.#inside.push(timestamp);
      try {
        this.#decoder.decode(
          new EncodedVideoChunk({ type: unit.key ? 'key' : 'delta', timestamp, data: unit.data }),
        );
      } catch (error) {
        return this.#fail(String(error));
      }
    }
    this.#await();
  }

  /** @param {VideoFrame} frame */
  #output(frame) {
    // Frames are output in presentation order. So the decoder has dropped every earlier frame that
    // it has not output.
    this.#inside = this.#inside.filter((timestamp) => timestamp > frame.timestamp);
    this.#decoded.push(frame);
    this.#silence.end();
    const now = this.#environment.now();
    // While decoding catches up, one frame is drawn for each screen refresh. The very first frame
    // is drawn at once.
    if (!this.#inside.length || !this.frames) this.#show(now);
    this.#feed(now);
  }

  /**
   * Draws the newest frame that is due and drops all earlier frames.
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
    if (this.#overdue(now)) this.stalls++;
    this.media = frame.timestamp / 1_000;
    this.drawnAt = now;
    this.frames++;
    this.mirror?.(frame.clone());
    this.#screen.show(frame);
    this.#events.drawn(this.media, displayWidth, displayHeight);
  }

  /**
   * Whether the last frame stayed on the screen too long, although later frames were due and the
   * creator had sent these frames.
   * @param {number} now
   */
  #overdue(now) {
    // Both times are NaN after a standby.
    const waited = now - this.drawnAt >= OVERDUE && this.playhead.at(now) - this.media >= OVERDUE;
    return this.frames > 0 && waited && !this.#pauses.explain(this.media);
  }

  /**
   * Feeds the decoder and draws while frames are waiting: when the next frame is due, or after one
   * screen refresh. A frame that waited for a refresh before it is drawn would be visible one
   * refresh later.
   */
  #await() {
    if (!this.#decoded.length && !this.#encoded.length) return;
    const now = this.#environment.now();
    const wait = this.#wait(now);
    if (this.#timer && this.#wakesAt <= now + wait) return;
    this.#cancel();
    this.#wakesAt = now + wait;
    this.#timer = this.#environment.setTimeout(() => {
      this.#timer = 0;
      const then = this.#environment.now();
      this.#feed(then);
      this.#show(then);
    }, wait);
  }

  /**
   * Returns the time until the next frame is due, at most one screen refresh, ms.
   * @param {number} now
   */
  #wait(now) {
    const [next] = this.#decoded;
    const wait = next ? next.timestamp / 1_000 - this.playhead.at(now) - this.#early : REFRESH;
    return wait > 0 ? Math.min(Math.ceil(wait), REFRESH) : REFRESH;
  }

  #cancel() {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = 0;
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
