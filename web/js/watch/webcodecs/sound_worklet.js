/** The audio thread's end: gives out what the decoder's end (sound.js) sends, and tells it where it is. Loaded by `addModule`. */
import { SoundRing } from './sound_ring.js';

/**
 * @typedef {object} SoundReport
 * @property {number} position ms of the timeline: what is given out next
 * @property {number} at       s of the context's time at which that is given out
 * @property {number} buffered ms
 * @property {number} played   ms of sound given out so far
 * @property {number} dry      times that it ran dry
 *
 * @typedef {{start: number, planes: Float32Array<ArrayBuffer>[]}} Samples  start: samples of the timeline
 * @typedef {{rate: number, jump: number | null}} Steering     jump: ms of the timeline
 * @typedef {MessagePort | 'close'} Order  from the page: the port to the decoder's end, which need not be in the page; or the end
 */

const KEPT = 4; // s
const REPORT_EVERY = 12; // render quanta; 32 ms

/** @type {{sampleRate: number, currentTime: number, registerProcessor: (name: string, processor: Function) => void, AudioWorkletProcessor: new () => {port: MessagePort}}} */
const scope = /** @type {any} */ (globalThis);

class SoundProcessor extends scope.AudioWorkletProcessor {
  #ring = new SoundRing(2, KEPT * scope.sampleRate);
  #quanta = 0;
  #over = false;
  /** @type {MessagePort | null} */
  #decoder = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data === 'close') this.#over = true;
      else this.#listen(data);
    };
  }

  /** @param {MessagePort} port */
  #listen(port) {
    this.#decoder = port;
    port.onmessage = ({ data }) => {
      if ('planes' in data) this.#write(port, data);
      else this.#steer(data);
    };
  }

  /**
   * Takes what is in the arrays, and gives them back.
   * @param {MessagePort} port
   * @param {Samples} samples
   */
  #write(port, { start, planes }) {
    this.#ring.write(start, planes);
    port.postMessage(planes, planes.map(({ buffer }) => buffer));
  }

  /** @param {Steering} steering */
  #steer({ rate, jump }) {
    this.#ring.rate = rate;
    if (jump !== null) this.#ring.jump(Math.round(jump * (scope.sampleRate / 1_000)));
    // Where it is now is what the decoder's end wants to know next.
    if (jump !== null) this.#quanta = 0;
  }

  /**
   * @param {Float32Array[][]} _
   * @param {Float32Array[][]} outputs
   */
  process(_, [out]) {
    const perMs = scope.sampleRate / 1_000;
    const ring = this.#ring;
    if (this.#quanta++ % REPORT_EVERY === 0) {
      /** @type {SoundReport} */
      const report = { position: ring.position / perMs, at: scope.currentTime, buffered: ring.buffered / perMs, played: ring.played / perMs, dry: ring.dry };
      this.#decoder?.postMessage(report);
    }
    if (out && !Number.isNaN(ring.position)) ring.read(out);
    return !this.#over;
  }
}

scope.registerProcessor('sound', SoundProcessor);
