/**
 * Decodes the audio of a WebCodecs player and sends the samples to the audio thread
 * (sound_worklet.js), which reports its position.
 *
 * Samples travel through a MessagePort, because a shared buffer needs a cross-origin isolated page,
 * and other sites cannot embed a page that is cross-origin isolated.
 */
import { BROWSER } from '../../page/environment.js';
import { DecoderSilence } from './decoder_silence.js';
import { Offset } from './offset.js';
import { SoundSteering } from './sound_steering.js';

/**
 * @typedef {import('./sound_worklet.js').SoundReport} SoundReport
 *
 * @typedef {object} Output  figures of the AudioContext, which only a page can read
 * @property {number} latency  ms from the audio thread to the loudspeaker
 * @property {number} lead ms by which this thread's clock is ahead of the context time of the
 *   audible sample; NaN while unknown
 */

const RATE = 48_000; // sample rate of decoded Opus, Hz
const SILENT = 400; // ms without a report after which the audio thread counts as stopped
/**
 * ms; an audio thread that is later than this stood still. It then outputs the missed time at once,
 * before it takes the samples that wait for it, so it runs dry however long the delay is. WebKitGTK
 * does so when the audio output opens, and on a busy machine.
 */
const LATE = 250;
/**
 * ms; an audio thread that is late for longer does not catch up, because the sound card has lost the
 * time. It runs dry for other reasons then.
 */
const LATE_FOR = 1_000;
const CATCHES_UP = 500; // ms after a late report; the audio thread may still run dry for that reason
const SPARE = 64; // maximum number of arrays that are kept for reuse
const WAITING = 400; // packets; a decoder with more waiting packets and no output is broken
const MUTE = 5_000; // ms; a decoder with WAITING packets but no output for so long is broken

export class Sound {
  #environment;
  #port;
  #broken;
  /** @type {AudioDecoder | null} */
  #decoder = null;
  /** @type {number[]} start of each packet in the decoder, ms of the timeline */
  #starts = [];
  #silence = new DecoderSilence();
  #steering = new SoundSteering();
  /**
   * Arrays that the audio thread returned. Reusing them reduces garbage collection.
   * @type {Float32Array<ArrayBuffer>[]}
   */
  #spare = [];
  /** @type {SoundReport | null} */
  #report = null;
  #reportedAt = -Infinity;
  #late = 0; // of the last report, ms
  #lateSince = -Infinity; // last time at which the audio thread became LATE
  #lateAt = -Infinity; // last time at which it was late and could still catch up
  #rate = 1;
  #offset = new Offset(); // local clock minus the clock of the AudioContext
  #closed = false;
  /** @type {Output} */
  output = { latency: 0, lead: NaN };
  /** Function that is called after each report of the audio thread. */
  moved = () => {};

  /**
   * @param {MessagePort} port  connection to the audio thread
   * @param {(reason: string) => void} broken
   * @param {Pick<Readonly<import('../../page/environment.js').Environment>, 'now'>} [environment]
   */
  constructor(port, broken, environment = BROWSER) {
    this.#environment = environment;
    this.#port = port;
    this.#broken = broken;
    port.onmessage = ({ data }) => (Array.isArray(data) ? this.#keep(data) : this.#reported(data));
  }

  /** @param {number} channels */
  configure(channels) {
    this.#decoder?.close();
    this.#starts = [];
    this.#decoder = new AudioDecoder({
      output: (data) => this.#decoded(data),
      error: (error) => this.#closed || this.#broken(`sound: ${error.message}`),
    });
    this.#decoder.configure({ codec: 'opus', sampleRate: RATE, numberOfChannels: channels });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} data one packet
   * @param {number} start    position of the packet on the timeline, ms
   */
  decode(data, start) {
    const decoder = this.#decoder;
    if (decoder?.state !== 'configured') return;
    if (!this.#starts.length) this.#silence.end();
    const mute = this.#silence.input(this.#environment.now()) > MUTE;
    if (mute && decoder.decodeQueueSize > WAITING)
      return this.#broken('sound: the decoder gives no samples');
    // The decoder counts from its first timestamp and would drift from the stream, so the true
    // timestamps are stored here.
    this.#starts.push(start);
    decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: start * 1_000, data }));
  }

  /** @param {AudioData} data */
  #decoded(data) {
    this.#silence.end();
    const start = this.#starts.shift();
    if (start !== undefined) {
      const planes = [];
      for (let planeIndex = 0; planeIndex < Math.min(2, data.numberOfChannels); planeIndex++) {
        const plane = this.#plane(data.numberOfFrames);
        data.copyTo(plane, { planeIndex, format: 'f32-planar' });
        planes.push(plane);
      }
      this.#port.postMessage(
        { start: Math.round((start * RATE) / 1_000), planes },
        planes.map(({ buffer }) => buffer),
      );
    }
    data.close();
  }

  /** @param {Float32Array<ArrayBuffer>[]} planes */
  #keep(planes) {
    if (this.#spare.length < SPARE) this.#spare.push(...planes);
  }

  /** @param {number} length */
  #plane(length) {
    const plane = this.#spare.pop();
    return plane?.length === length ? plane : new Float32Array(length);
  }

  /** @param {SoundReport} report */
  #reported(report) {
    const now = this.#environment.now();
    this.#offset.add(now, report.at * 1_000);
    this.#report = report;
    this.#reportedAt = now;
    if (report.late > this.#late + LATE) this.#lateSince = now;
    if (report.late > LATE && now - this.#lateSince < LATE_FOR) this.#lateAt = now;
    this.#late = report.late;
    this.moved();
  }

  /** Whether the audio thread is running. @param {number} now */
  runs(now) {
    return this.#report !== null && now - this.#reportedAt < SILENT;
  }

  /** Whether the audio thread stood still just now. @param {number} now */
  stood(now) {
    return now - this.#lateAt < CATCHES_UP;
  }

  get started() {
    return this.#report !== null && !Number.isNaN(this.#report.position);
  }

  get stats() {
    const { played = 0, dry = 0, buffered = 0 } = this.#report ?? {};
    return {
      played,
      dry,
      buffered,
      jumps: this.#steering.jumps,
      rate: this.#rate,
      latency: this.output.latency,
    };
  }

  /**
   * Returns the media time of the sample that the audio thread outputs at `now`, ms.
   * @param {number} now
   */
  position(now) {
    const report = this.#report;
    return report
      ? report.position + (now - this.#offset.value - report.at * 1_000) * this.#rate
      : NaN;
  }

  /**
   * Returns the media time of the sample that is audible at `now`, ms.
   * @param {number} now
   */
  heard(now) {
    const report = this.#report;
    if (!report) return NaN;
    const { lead, latency } = this.output;
    const out = Number.isNaN(lead) ? now - this.#offset.value - latency : now - lead;
    return report.position + (out - report.at * 1_000) * this.#rate;
  }

  /**
   * @param {number} now
   * @param {number} wanted media time (ms) that should be output now
   */
  steer(now, wanted) {
    if (!this.#report) return;
    const { rate, jump } = this.#steering.decide({ now, position: this.position(now), wanted });
    if (rate === this.#rate && jump === null) return;
    this.#rate = rate;
    this.#port.postMessage({ rate, jump });
    if (jump !== null)
      this.#report = { ...this.#report, position: jump, at: (now - this.#offset.value) / 1_000 };
  }

  close() {
    this.#closed = true;
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#port.close();
  }
}
