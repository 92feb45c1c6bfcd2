/** How loud the microphone is, twenty times a second. A silent one, held by another app, shows before it matters. */
export class LevelMeter {
  #context = new AudioContext();
  #analyser = this.#context.createAnalyser();
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #samples = new Float32Array(512);
  #timer = 0;

  /** @param {(level: number) => void} heard 0 (nothing) to 1 (too loud) */
  constructor(heard) {
    this.#analyser.fftSize = this.#samples.length;
    this.#timer = self.setInterval(() => heard(this.#level()), 50);
  }

  /** @param {MediaStream | null} stream */
  listen(stream) {
    this.#source?.disconnect();
    this.#source = null;
    if (!stream?.getAudioTracks().length) return;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
    this.wake();
  }

  /** Browsers start the audio clock only after a touch, unless the page is capturing. */
  wake() {
    if (this.#context.state !== 'running') this.#context.resume().catch(() => {});
  }

  close() {
    self.clearInterval(this.#timer);
    this.#context.close();
  }

  #level() {
    if (!this.#source) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    // −55 dB is a quiet room, −5 dB is shouting.
    return Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-12) + 55) / 50));
  }
}
