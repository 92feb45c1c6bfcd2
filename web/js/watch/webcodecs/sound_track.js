/**
 * The audio track of a WebCodecs player: turns it on and off, sets its delay, and computes the
 * media time that the video must show.
 *
 * Audio never leads the video, but may trail the video by an unnoticeable amount. The video waits
 * for the audio only if the audio would trail by more. Without this amount, the video would always
 * wait: audio reaches the relay one packet later than the frame of the same moment, and then waits
 * for the next video message.
 * @typedef {import('../line/record.js').MediaRecord} MediaRecord
 */
import { BROWSER } from '../../page/environment.js';
import { Arrivals } from '../timing/arrivals.js';
import { FLAG } from '../line/record.js';
import { DelayTarget } from './delay_target.js';
import { readSamples } from './fragment.js';
import { Sound } from './sound.js';

const TIMESCALE = 48_000;
const RESERVE = 20; // ms, of the audio while the network is unsteady
const STEADY_RESERVE = 14; // ms, for decoding the audio and passing it to the audio thread
// Maximum (`MOST`) and minimum (`LEAST`) time by which audio trails its frame, ms. Viewers notice
// late audio from 125 ms on and early audio from 45 ms on (ITU-R BT.1359). A frame is visible when
// it is due, plus or minus half a screen refresh; with the error that SoundSteering does not
// correct, audio trails by 0 to 60 ms.
const MOST = 44;
const LEAST = 12; // must be larger than the errors that SoundSteering does not correct
const SETTLES = 1_000; // ms; a higher delay takes effect within this time, so it rises once
const LOST = 600; // ms; if audio trails the video by more, the video does not wait for the audio

export class SoundTrack {
  #environment;
  #moved;
  #broken;
  #arrivals = new Arrivals();
  #target = new DelayTarget();
  #channels = 0;
  #newest = -Infinity; // ms of player time: end of the newest packet decoded
  #dry = 0;
  #raisedAt = -Infinity;
  /** @type {Sound | null} */
  #sound = null;

  /**
   * @param {() => void} moved  called after each report of the audio thread
   * @param {(reason: string) => void} broken
   * @param {Pick<Readonly<import('../../page/environment.js').Environment>, 'now'>} [environment]
   */
  constructor(moved, broken, environment = BROWSER) {
    this.#environment = environment;
    this.#moved = moved;
    this.#broken = broken;
  }

  /**
   * Turns the audio on and starts to decode it.
   * @param {MessagePort} port  connection to the audio thread
   */
  open(port) {
    this.close();
    const sound = new Sound(port, this.#broken, this.#environment);
    sound.moved = this.#moved;
    if (this.#channels) sound.configure(this.#channels);
    this.#dry = 0;
    // What an earlier audio thread needed says nothing about this one.
    this.#target = new DelayTarget();
    this.#raisedAt = -Infinity;
    this.#sound = sound;
  }

  close() {
    this.#sound?.close();
    this.#sound = null;
  }

  /** @param {import('./sound.js').Output} output */
  set output(output) {
    if (this.#sound) this.#sound.output = output;
  }

  /** @param {number} channels */
  configure(channels) {
    this.#channels = channels;
    this.#sound?.configure(channels);
  }

  /**
   * @param {MediaRecord} record
   * @param {number} start   ms of player time
   * @param {number | null} arrival ms; null for media of the burst
   */
  record(record, start, arrival) {
    if (record.flags & FLAG.DISCONTINUITY) this.#arrivals.reset();
    if (arrival !== null) this.#arrivals.add(start, arrival);
    const sound = this.#sound;
    if (!sound) return;
    for (const { data, offset, duration } of readSamples(record.body, TIMESCALE)) {
      const at = start + offset / 1_000;
      this.#newest = at + duration / 1_000;
      sound.decode(data, at);
    }
  }

  /**
   * Corrects the delay of the audio, if audio is on. Returns the media time that the video must
   * show.
   * @param {number} now
   * @param {number} pictures media time (ms) that the video would show without audio
   * @param {boolean} [trembling] whether the network is unsteady
   */
  steer(now, pictures, trembling = true) {
    const sound = this.#sound;
    const edge = this.#arrivals.edge(now);
    if (!sound?.runs(now) || Number.isNaN(edge)) return pictures;
    const spare = trembling ? RESERVE : STEADY_RESERVE;
    const target = this.#target.update(now, this.#arrivals.jitter, spare);
    const { dry, latency } = sound.stats;
    const wanted = Math.min(edge - target, pictures - LEAST + latency);
    if (dry > this.#dry) {
      this.#dry = dry;
      this.#ranDry(sound, now, wanted);
    }
    // Steering towards a position without audio would jump repeatedly.
    if (this.#newest > wanted) sound.steer(now, wanted);
    const heard = sound.heard(now);
    if (!sound.started || !(pictures - heard < LOST + latency)) return pictures;
    return Math.min(pictures, heard + MOST);
  }

  /**
   * Raises the delay after the audio ran dry, unless a longer delay would not have helped.
   * @param {Sound} sound
   * @param {number} now
   * @param {number} wanted  media time that should be output now, ms
   */
  #ranDry(sound, now, wanted) {
    if (sound.stood(now) || now - this.#raisedAt < SETTLES) return;
    this.#raisedAt = now;
    this.#target.ranDry(wanted - sound.position(now));
  }

  /**
   * Returns the smallest delay of the video behind its live edge at which the audio trails the
   * video by at most 22 ms (MOST), ms; 0 if no audio plays.
   * @param {number} now
   * @param {number} edge live edge of the video
   */
  behind(now, edge) {
    const sound = this.#sound;
    if (!sound?.runs(now) || !sound.started) return 0;
    const audible = this.#arrivals.edge(now) - this.#target.value - sound.stats.latency;
    return edge - audible - MOST || 0;
  }

  /**
   * @param {number} now
   * @param {number} due media time (ms) of the frame that is drawn now
   * @returns {import('../player.js').SoundStats & {jumps: number, rate: number} | null}
   */
  stats(now, due) {
    if (!this.#sound) return null;
    const { played, dry, buffered, latency, jumps, rate } = this.#sound.stats;
    const [jitter, target] = [this.#arrivals.jitter, this.#target.value];
    return {
      played,
      dry,
      buffer: buffered,
      jitter,
      target,
      latency,
      lead: due - this.#sound.heard(now),
      jumps,
      rate,
    };
  }
}
