/**
 * The sound of a WebCodecs player: packets decoded here, given out by the audio thread (sound_worklet.js), which tells where it is.
 *
 * Samples go over by MessagePort: a shared ring would need a page that is cross-origin isolated, and such a page could be embedded nowhere.
 */
import { Offset } from './offset.js';
import { SoundSteering } from './sound_steering.js';

/**
 * @typedef {import('./sound_worklet.js').SoundReport} SoundReport
 *
 * @typedef {object} Output  what only a page can ask its AudioContext
 * @property {number} latency  ms from the audio thread to the loudspeaker
 * @property {number} lead     ms that this thread's clock is ahead of the time, on the context's clock, of what leaves the loudspeaker; NaN while unknown
 */

const RATE = 48_000; // Opus decodes to this
const SILENT = 400; // ms without a report: the audio thread stands still
const SPARE = 64; // arrays; what a join brings at once is more, and goes
const WAITING = 400; // packets in the decoder; more is a decoder that does not work

export class Sound {
  #port;
  #broken;
  /** @type {AudioDecoder | null} */
  #decoder = null;
  /** @type {number[]} ms of the timeline, of the packets that the decoder has */
  #starts = [];
  #steering = new SoundSteering();
  /** @type {Float32Array<ArrayBuffer>[]} back from the audio thread: fifty packets a second would be a heap of garbage over there */
  #spare = [];
  /** @type {SoundReport | null} */
  #report = null;
  #reportedAt = -Infinity;
  #rate = 1;
  #offset = new Offset(); // of the local clock, to the context's
  #closed = false;
  /** @type {Output} */
  output = { latency: 0, lead: NaN };
  /** Called with each report, which is when there is something to steer by. */
  moved = () => {};

  /**
   * @param {MessagePort} port to the audio thread
   * @param {(reason: string) => void} broken
   */
  constructor(port, broken) {
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
   * @param {number} start    ms of the timeline
   */
  decode(data, start) {
    const decoder = this.#decoder;
    if (decoder?.state !== 'configured') return;
    if (decoder.decodeQueueSize > WAITING) return this.#broken('sound: the decoder stands still');
    // The decoder counts on from its first timestamp, and would drift away from the stream: the true ones wait beside it.
    this.#starts.push(start);
    decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: start * 1_000, data }));
  }

  /** @param {AudioData} data */
  #decoded(data) {
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
    const now = performance.now();
    this.#offset.add(now, report.at * 1_000);
    this.#report = report;
    this.#reportedAt = now;
    this.moved();
  }

  /** Whether the audio thread runs. @param {number} now */
  runs(now) {
    return this.#report !== null && now - this.#reportedAt < SILENT;
  }

  get started() {
    return this.#report !== null && !Number.isNaN(this.#report.position);
  }

  get stats() {
    const { played = 0, dry = 0, buffered = 0 } = this.#report ?? {};
    return { played, dry, buffered, jumps: this.#steering.jumps, rate: this.#rate, latency: this.output.latency };
  }

  /**
   * Media time (ms) of what the audio thread gives out now.
   * @param {number} now
   */
  position(now) {
    const report = this.#report;
    return report ? report.position + (now - this.#offset.value - report.at * 1_000) * this.#rate : NaN;
  }

  /**
   * Media time (ms) of what leaves the loudspeaker now.
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
   * @param {number} wanted media time (ms) that should be given out now
   */
  steer(now, wanted) {
    if (!this.#report) return;
    const { rate, jump } = this.#steering.decide({ now, position: this.position(now), wanted });
    if (rate === this.#rate && jump === null) return;
    this.#rate = rate;
    this.#port.postMessage({ rate, jump });
    if (jump !== null) this.#report = { ...this.#report, position: jump, at: (now - this.#offset.value) / 1_000 };
  }

  close() {
    this.#closed = true;
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#port.close();
  }
}
