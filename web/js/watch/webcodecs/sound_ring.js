/**
 * A ring buffer of decoded audio. Samples are written at their positions on the media timeline and
 * read at a rate near 1. The ring buffer runs in the AudioWorklet. Pure.
 *
 * Missing audio is output as silence. The audio is faded at each end, start and jump, because a
 * step in the waveform is audible as a click.
 */
const FADE = 128; // samples; 2.7 ms
const CROSSFADE = 384; // samples; 8 ms
const AHEAD = 2; // number of samples after the position that the interpolation needs

export class SoundRing {
  rate = 1;
  /** Number of samples output so far. */
  played = 0;
  /** Number of times that the buffer ran dry. */
  dry = 0;
  #size;
  /** @type {Float32Array[]} */
  #planes;
  #position = NaN; // position of the next sample to output, in samples; may be fractional
  #end = NaN; // end of the audio, in samples
  #level = 0; // volume of the fade, 0 to 1
  #leaving = NaN; // position of the audio that a jump fades out, in samples
  #left = 0; // number of samples until the fade of a jump is complete

  /**
   * @param {number} channels
   * @param {number} size capacity in samples
   */
  constructor(channels, size) {
    this.#size = size;
    this.#planes = Array.from({ length: channels }, () => new Float32Array(size));
  }

  /**
   * Timeline position of the next sample to output, in samples; NaN before the first jump.
   */
  get position() {
    return this.#position;
  }

  /** Number of buffered samples that are still to be output. */
  get buffered() {
    return Math.max(0, this.#end - this.#position) || 0;
  }

  /**
   * @param {number} start  position of the first sample on the timeline, in samples
   * @param {Float32Array[]} planes one per channel; any further channels use the last plane
   */
  write(start, planes) {
    const length = planes[0]?.length ?? 0;
    if (Number.isNaN(this.#end) || start > this.#end + this.#size) this.#end = start;
    for (let at = this.#end; at < start; at++) this.#put(at, null, 0);
    for (let n = Math.max(0, length - this.#size); n < length; n++) this.#put(start + n, planes, n);
    this.#end = Math.max(this.#end, start + length);
  }

  /**
   * Continues the output at `position`, with a crossfade.
   * @param {number} position samples
   */
  jump(position) {
    if (this.#level > 0) {
      this.#leaving = this.#position;
      this.#left = CROSSFADE;
    }
    this.#position = position;
  }

  /**
   * Writes the next samples into `out`, which contains one array per channel.
   * @param {Float32Array[]} out
   */
  read(out) {
    const count = out[0]?.length ?? 0;
    for (let n = 0; n < count; n++) {
      const left = this.#end - AHEAD - this.#position;
      const oldest = this.#end - this.#size;
      // Fades out before the end, and in again once there are enough samples for a fade.
      const wanted = left > FADE && this.#position >= oldest ? 1 : 0;
      if (!wanted && this.#level === 1) this.dry++;
      this.#level = Math.max(0, Math.min(1, this.#level + (wanted ? 1 : -1) / FADE));
      for (let channel = 0; channel < out.length; channel++) {
        const plane = this.#planes[Math.min(channel, this.#planes.length - 1)];
        const into = out[channel];
        if (plane && into) into[n] = this.#mix(plane);
      }
      if (this.#left > 0) {
        this.#left--;
        this.#leaving += 1;
      }
      if (!(left > 0)) continue;
      this.#position += this.rate;
      this.played++;
    }
  }

  /**
   * @param {number} at
   * @param {Float32Array[] | null} planes
   * @param {number} n
   */
  #put(at, planes, n) {
    const slot = at % this.#size;
    this.#planes.forEach((plane, channel) => {
      plane[slot] = planes ? (planes[Math.min(channel, planes.length - 1)]?.[n] ?? 0) : 0;
    });
  }

  /** @param {Float32Array} plane */
  #mix(plane) {
    const here = this.#level > 0 ? this.#at(plane, this.#position) * this.#level : 0;
    if (this.#left <= 0) return here;
    const share = this.#left / CROSSFADE;
    return (
      here * (1 - share) +
      (this.#leaving < this.#end - AHEAD ? this.#at(plane, this.#leaving) : 0) * share
    );
  }

  /**
   * Interpolates between samples with a Catmull-Rom cubic. Linear interpolation would dull the
   * treble.
   * @param {Float32Array} plane
   * @param {number} position
   */
  #at(plane, position) {
    const whole = Math.floor(position);
    const t = position - whole;
    const b = this.#sample(plane, whole);
    if (t === 0) return b;
    const [a, c, d] = [
      this.#sample(plane, whole - 1),
      this.#sample(plane, whole + 1),
      this.#sample(plane, whole + 2),
    ];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }

  /**
   * @param {Float32Array} plane
   * @param {number} at
   */
  #sample(plane, at) {
    return at >= 0 ? (plane[at % this.#size] ?? 0) : 0;
  }
}
