/**
 * Plays a stream through WebCodecs: shows the frames on a screen and sends the audio to the audio
 * thread. A frame is drawn when it is decoded, or later if the jitter is high (reserve.js). While
 * playback is muted, no audio is decoded, and the delay of the video depends only on the video.
 * This module needs no document, so that it runs in a worker as well as in a page.
 *
 * @typedef {object} PipelineEvents
 * @property {() => void} picture  the first frame is drawn
 * @property {() => void} still  another frame is drawn on standby
 * @property {() => void} moving  the first frame after a standby is drawn
 * @property {(width: number, height: number) => void} sized  the drawn frame has a new size
 * @property {(reason: string, final: boolean) => void} broken `final`: this player can never play
 *   the stream
 *
 * @typedef {import('../line/record.js').MediaRecord} MediaRecord
 */
import { BROWSER } from '../../page/environment.js';
import { FLAG, KIND, TRACK, readInit } from '../line/record.js';
import { Timeline } from '../timing/timeline.js';
import { DelayTarget } from './delay_target.js';
import { readAudio, readSamples, readVideo } from './fragment.js';
import { Picture } from './picture.js';
import { Reserve } from './reserve.js';
import { SoundTrack } from './sound_track.js';

const TICK = 100; // ms
const BURST_TAIL = 60_000; // µs before the hello; the first record published later ends the burst
const VIDEO_SCALE = 90_000;

export class Pipeline {
  #environment;
  #clock;
  #events;
  #picture;
  #timeline = new Timeline();
  #target = new DelayTarget();
  #reserve = new Reserve();
  #sound;
  #burstEnd = 0;
  #bursting = true;
  /** Time of the server (µs) and local time (ms) at which the hello was sent and received. */
  #greeted = { now: NaN, at: NaN };
  #standby = false;
  /** Whether there was a standby: the time of the first frame then says nothing about the page. */
  #waited = false;
  /** Whether no frame has been drawn since the end of a standby. */
  #still = false;
  #failed = false;
  #firstPicture = NaN;
  #width = 0;
  #height = 0;
  #ticker;

  /**
   * @param {import('./screen.js').Screen} screen
   * @param {import('../line/server_clock.js').ServerClock} clock
   * @param {PipelineEvents} events
   * @param {Readonly<import('../../page/environment.js').Environment>} [environment]
   */
  constructor(screen, clock, events, environment = BROWSER) {
    this.#environment = environment;
    this.#clock = clock;
    this.#events = events;
    this.#picture = new Picture(
      screen,
      {
        drawn: (_, width, height) => this.#drawn(width, height),
        broken: (reason, final) => this.#broken(reason, final),
      },
      environment,
    );
    this.#sound = new SoundTrack(
      () => this.#steer(environment.now()),
      (reason) => this.#broken(reason),
      environment,
    );
    this.#ticker = this.#tick();
  }

  /**
   * Begins or ends the standby: on standby, only keyframes are decoded, and each is shown at once.
   * After the standby, the next media is a burst.
   * @param {boolean} standby
   */
  set standby(standby) {
    if (standby === this.#standby || this.#failed) return;
    this.#standby = standby;
    this.#waited = true;
    this.#firstPicture = NaN;
    this.#picture.rest(standby);
    this.#still = !standby;
    this.#environment.clearInterval(this.#ticker);
    if (standby) return;
    const { now, at } = this.#greeted;
    this.#burstEnd = now + (this.#environment.now() - at) * 1_000 - BURST_TAIL;
    this.#bursting = true;
    this.#ticker = this.#tick();
  }

  /**
   * Turns the audio on.
   * @param {MessagePort} port  connection to the audio thread (sound_worklet.js)
   */
  openSound(port) {
    this.#sound.open(port);
  }

  closeSound() {
    this.#sound.close();
  }

  /** @param {import('./sound.js').Output} output */
  output(output) {
    this.#sound.output = output;
  }

  /** @param {import('../line/connection.js').Hello} hello */
  hello(hello) {
    this.#greeted = { now: hello.now, at: this.#environment.now() };
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
      if (this.#standby) return this.#keyframe(record, arrival);
      if (record.publishTime >= this.#burstEnd) this.#bursting = false;
      if (!this.#timeline.accept(record, arrival, !this.#bursting)) return;
      if (record.track === TRACK.VIDEO) this.#pictureRecord(record);
      else
        this.#sound.record(
          record,
          (record.mediaTime - this.#timeline.base) / 1_000,
          this.#bursting ? null : arrival,
        );
    } catch (error) {
      this.#broken(String(error));
    }
  }

  /** @returns {import('../player.js').PlayerStats} with times on this thread's clock */
  stats() {
    const now = this.#environment.now();
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
      width: this.#width,
      height: this.#height,
      frames,
      dropped,
      stalls,
      seeks: playhead.jumps + (sound?.jumps ?? 0),
      firstPicture: this.#firstPicture,
      position: media,
      mediaTime: this.#timeline.toMedia(media),
      playing: frames > 0 && now - drawnAt < 500,
      ...(sound && { sound }),
    };
  }

  /**
   * @param {((frame: VideoFrame) => void) | null} take receives a copy of each frame and closes it
   */
  mirror(take) {
    this.#picture.mirror = take;
  }

  /** Shows the last frame again, because the element has joined late. */
  repeat() {
    this.#picture.repeat();
  }

  close() {
    this.#environment.clearInterval(this.#ticker);
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

  /**
   * Shows the keyframes of a standby, and drops the other media.
   * @param {MediaRecord} record
   * @param {number} arrival
   */
  #keyframe(record, arrival) {
    const key = record.track === TRACK.VIDEO && record.flags & FLAG.KEY;
    if (key && this.#timeline.accept(record, arrival, false)) this.#pictureRecord(record);
  }

  #tick() {
    return this.#environment.setInterval(() => this.#steer(this.#environment.now()), TICK);
  }

  /** @param {MediaRecord} record */
  #pictureRecord(record) {
    const [sample] = readSamples(record.body, VIDEO_SCALE);
    if (!sample) return;
    const media = this.#timeline.newestPicture;
    this.#picture.push({
      data: sample.data,
      media,
      key: (record.flags & FLAG.KEY) !== 0,
      sequence: record.sequence,
    });
    if (Number.isNaN(this.#picture.playhead.at(0)) && !this.#bursting)
      this.#steer(this.#environment.now());
  }

  /**
   * Moves the playback position of both tracks towards the target delay.
   * @param {number} now
   */
  #steer(now) {
    if (this.#standby) return;
    const { arrivals } = this.#timeline;
    const edge = arrivals.edge(now);
    if (Number.isNaN(edge)) return;
    const { jitter, tail } = arrivals;
    const reserve = this.#reserve.update(now, jitter, tail);
    const wanted = edge - this.#target.update(now, jitter, reserve);
    this.#picture.follow(now, this.#sound.steer(now, wanted, reserve > 0));
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #drawn(width, height) {
    const first = this.#picture.frames === 1;
    if (first && !this.#waited) this.#firstPicture = this.#environment.now();
    if (width !== this.#width || height !== this.#height) {
      [this.#width, this.#height] = [width, height];
      this.#events.sized(width, height);
    }
    if (first) this.#events.picture();
    else if (this.#standby) this.#events.still();
    if (!this.#still) return;
    this.#still = false;
    this.#events.moving();
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
