/**
 * Plays a stream through WebCodecs: pictures to a canvas, sound to the audio thread, and both held a few frames behind the live edge.
 * While muted nothing is decoded of the sound, and the pictures follow the edge alone.
 * @typedef {import('../record.js').MediaRecord} MediaRecord
 */
import { FLAG, KIND, TRACK, readInit } from '../record.js';
import { Timeline } from '../timeline.js';
import { DelayTarget } from './delay_target.js';
import { readAudio, readSamples, readVideo } from './fragment.js';
import { Picture } from './picture.js';
import { SoundTrack } from './sound_track.js';

const TICK = 100; // ms
const BURST_TAIL = 60_000; // µs; a record published this shortly before the hello ends the burst of a join
const VIDEO_SCALE = 90_000;
const FRAME = 20; // ms; a packet of sound. Pictures take it for theirs too: at 15 a second one of their own would be nothing but delay
const SETTLED = 300; // ms after the first picture: the burst of the join is decoded

export class WebCodecsPlayer {
  name = 'webcodecs';
  stream = '';
  element;
  #clock;
  #events;
  #picture;
  #timeline = new Timeline();
  #target = new DelayTarget();
  #sound;
  #burstEnd = 0;
  #bursting = true;
  #failed = false;
  #firstPicture = NaN;
  #ticker;

  /**
   * @param {import('../server_clock.js').ServerClock} clock
   * @param {import('../player.js').PlayerEvents} events
   */
  constructor(clock, events) {
    this.#clock = clock;
    this.#events = events;
    this.element = document.createElement('canvas');
    this.#picture = new Picture(this.element, {
      drawn: (_, width, height) => this.#drawn(width, height),
      broken: (reason) => this.#broken(reason),
    });
    this.#sound = new SoundTrack(() => this.#steer(performance.now()), (reason) => this.#broken(reason));
    this.#ticker = self.setInterval(() => this.#steer(performance.now()), TICK);
  }

  get width() {
    return this.#picture.frames ? this.element.width : 0;
  }

  get height() {
    return this.#picture.frames ? this.element.height : 0;
  }

  get muted() {
    return !this.#sound.on;
  }

  set muted(muted) {
    if (muted === this.muted) return;
    if (muted) this.#sound.close();
    else this.#sound.open();
  }

  /** @param {import('../connection.js').Hello} hello */
  hello(hello) {
    this.stream = hello.stream;
    this.#burstEnd = hello.now - BURST_TAIL;
    this.#bursting = true;
  }

  /**
   * @param {MediaRecord} record
   * @param {number} arrival ms
   */
  record(record, arrival) {
    if (record.slot !== 0 || this.#failed) return;
    try {
      if (record.kind === KIND.INIT) return this.#init(record);
      if (record.kind !== KIND.MEDIA) return;
      if (record.publishTime >= this.#burstEnd) this.#bursting = false;
      if (!this.#timeline.accept(record, arrival, !this.#bursting)) return;
      if (record.track === TRACK.VIDEO) this.#pictureRecord(record);
      else this.#sound.record(record, (record.mediaTime - this.#timeline.base) / 1_000, this.#bursting ? null : arrival);
    } catch (error) {
      this.#broken(String(error));
    }
  }

  resume() {
    this.#sound.resume();
  }

  /** @returns {import('../player.js').PlayerStats} */
  stats() {
    const now = performance.now();
    const { media, drawnAt, frames, dropped, stalls, playhead } = this.#picture;
    const { arrivals } = this.#timeline;
    const due = playhead.at(now);
    const sound = this.#sound.stats(now, due);
    return {
      behindLens: (this.#clock.at(drawnAt) - this.#timeline.captureOf(media / 1_000)) / 1_000,
      captureError: this.#clock.error / 1_000,
      captureEstimated: this.#timeline.estimated,
      lag: arrivals.edge(now) - due,
      target: Math.max(this.#target.value, this.#sound.behind(now, arrivals.edge(now))),
      buffer: Math.max(0, this.#timeline.newestPicture - due) || 0,
      jitter: arrivals.jitter,
      rate: sound?.rate ?? 1,
      width: this.width,
      height: this.height,
      frames,
      dropped,
      stalls,
      seeks: playhead.jumps + (sound?.jumps ?? 0),
      firstPicture: this.#firstPicture,
      position: media,
      playing: frames > 0 && now - drawnAt < 500,
      ...(sound && { sound }),
    };
  }

  /** @param {((frame: VideoFrame) => void) | null} take */
  mirror(take) {
    this.#picture.mirror = take;
  }

  close() {
    self.clearInterval(this.#ticker);
    this.#failed = true;
    this.#sound.close();
    this.#picture.close();
  }

  /** @param {MediaRecord} record */
  #init(record) {
    const { codec, segment } = readInit(record.body);
    if (record.track === TRACK.VIDEO) this.#picture.configure({ codec, ...readVideo(segment) });
    else if (record.track === TRACK.AUDIO) this.#sound.configure(readAudio(segment).channels);
  }

  /** @param {MediaRecord} record */
  #pictureRecord(record) {
    const [sample] = readSamples(record.body, VIDEO_SCALE);
    if (!sample) return;
    const media = this.#timeline.newestPicture;
    this.#picture.push({ data: sample.data, media, key: (record.flags & FLAG.KEY) !== 0 });
    if (Number.isNaN(this.#picture.playhead.at(0)) && !this.#bursting) this.#steer(performance.now());
  }

  /**
   * Tells both tracks where they should be.
   * @param {number} now
   */
  #steer(now) {
    const { arrivals } = this.#timeline;
    const edge = arrivals.edge(now);
    if (Number.isNaN(edge)) return;
    const wanted = edge - this.#target.update(now, arrivals.jitter, FRAME);
    this.#picture.follow(now, this.#sound.steer(now, wanted));
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #drawn(width, height) {
    if (this.#picture.frames === 1) {
      this.#firstPicture = performance.now();
      this.#events.picture();
      // Not in the way of the first pictures, and there when it is asked for.
      self.setTimeout(() => import('./sound.js').catch(() => {}), SETTLED);
    }
    this.#events.sized(width, height);
  }

  /** @param {string} reason */
  #broken(reason) {
    if (this.#failed) return;
    this.#failed = true;
    this.#events.broken(reason, false);
  }
}
