/**
 * Measures the microphone level twenty times a second, so that the creator notices a silent
 * microphone before going live.
 */
import { BROWSER } from '../page/environment.js';

const EVERY = 50; // ms
const QUIET = -55; // level of a quiet room, dB
const LOUD = -5; // dB, shouting

export class LevelMeter {
  #context = new AudioContext();
  #analyser = this.#context.createAnalyser();
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #samples = new Float32Array(512);
  #environment;
  #timer;

  /**
   * @param {(level: number) => void} measured  gets the level, from 0 (quiet) to 1 (too loud)
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(measured, environment = BROWSER) {
    this.#environment = environment;
    this.#analyser.fftSize = this.#samples.length;
    this.#timer = environment.setInterval(() => measured(this.#level()), EVERY);
  }

  /** @param {MediaStream} stream */
  listen(stream) {
    this.#source?.disconnect();
    this.#source = null;
    if (!stream.getAudioTracks().length) return;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
    this.resume();
  }

  /**
   * Starts the AudioContext. Browsers allow this only while the page captures media, or after a
   * user gesture.
   */
  resume() {
    if (this.#context.state !== 'running') this.#context.resume().catch(() => {});
  }

  close() {
    this.#environment.clearInterval(this.#timer);
    this.#context.close();
  }

  #level() {
    if (!this.#source) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return levelOf(this.#samples);
  }
}

/**
 * @param {Float32Array} samples
 * @returns {number} 0 to 1
 */
export function levelOf(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-12) - QUIET) / (LOUD - QUIET)));
}
