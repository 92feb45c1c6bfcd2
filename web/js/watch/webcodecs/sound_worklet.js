/**
 * The audio thread: outputs the samples that sound.js sends and reports its position. `addModule`
 * loads this file.
 */
import { Offset } from './offset.js';
import { SoundRing } from './sound_ring.js';

/**
 * @typedef {object} SoundReport
 * @property {number} position ms of the timeline: the next sample to output
 * @property {number} at       context time (s) at which that sample is output
 * @property {number} buffered ms
 * @property {number} played   ms output so far
 * @property {number} dry      number of times that the buffer ran dry
 * @property {number} late     ms by which the audio thread was late, at most, since the last report
 *
 * @typedef {{start: number, planes: Float32Array<ArrayBuffer>[]}} Samples start: samples of the
 *   timeline
 * @typedef {{rate: number, jump: number | null}} Steering     jump: ms of the timeline
 * @typedef {MessagePort | 'close'} Order from the page: the port to sound.js, which may run in a
 *   worker; or the order to stop
 */

const KEPT = 4; // s
const REPORT_EVERY = 12; // render quanta between two reports; 12 quanta last 32 ms

/**
 * @type {{
 *   sampleRate: number,
 *   currentTime: number,
 *   registerProcessor: (name: string, processor: Function) => void,
 *   AudioWorkletProcessor: new () => {port: MessagePort},
 * }}
 */
const scope = /** @type {any} */ (globalThis);

class SoundProcessor extends scope.AudioWorkletProcessor {
  #ring = new SoundRing(2, KEPT * scope.sampleRate);
  #quanta = 0;
  #clock = new Offset(); // the system's clock minus the context time
  #late = 0;
  #closed = false;
  /** @type {MessagePort | null} */
  #decoder = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data === 'close') this.#closed = true;
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
   * Copies the samples into the ring buffer and returns the arrays to the sender for reuse.
   * @param {MessagePort} port
   * @param {Samples} samples
   */
  #write(port, { start, planes }) {
    this.#ring.write(start, planes);
    port.postMessage(
      planes,
      planes.map(({ buffer }) => buffer),
    );
  }

  /** @param {Steering} steering */
  #steer({ rate, jump }) {
    this.#ring.rate = rate;
    if (jump !== null) this.#ring.jump(Math.round(jump * (scope.sampleRate / 1_000)));
    // Report the new position in the next quantum.
    if (jump !== null) this.#quanta = 0;
  }

  /**
   * @param {number} now      ms
   * @param {number} context  ms
   */
  #followClock(now, context) {
    this.#clock.add(now, context);
    this.#late = Math.max(this.#late, now - context - this.#clock.value);
  }

  /**
   * @param {Float32Array[][]} _
   * @param {Float32Array[][]} outputs
   */
  process(_, [out]) {
    const perMs = scope.sampleRate / 1_000;
    const ring = this.#ring;
    this.#followClock(Date.now(), scope.currentTime * 1_000);
    if (this.#quanta++ % REPORT_EVERY === 0) {
      /** @type {SoundReport} */
      const report = {
        position: ring.position / perMs,
        at: scope.currentTime,
        buffered: ring.buffered / perMs,
        played: ring.played / perMs,
        dry: ring.dry,
        late: this.#late,
      };
      this.#late = 0;
      this.#decoder?.postMessage(report);
    }
    if (out && !Number.isNaN(ring.position)) ring.read(out);
    return !this.#closed;
  }
}

scope.registerProcessor('sound', SoundProcessor);
