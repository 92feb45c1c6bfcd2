/**
 * Keeps the audio at the wanted distance to the live edge. Corrects a small difference by
 * resampling, which is inaudible, and a large difference by a jump. Pure; times in ms.
 *
 * @typedef {object} SoundState
 * @property {number} now
 * @property {number} position media time that is output now
 * @property {number} wanted   media time that should be output now
 */
const DEAD_BAND = 4; // ms
const RATE = 0.01; // maximum change of the rate; it is a sixth of a semitone
const JUMP = 110; // ms; a larger difference is corrected by a jump
const FIRST_JUMP = 40; // ms; the limit instead of JUMP during the first seconds
const FIRST = 10_000; // ms; a page that is still starting delays the audio too much
const REACH = 3_000; // ms
const REST = 400; // minimum time between two jumps, ms

export class SoundSteering {
  #jumpedAt = -Infinity;
  #begun = NaN;
  #correcting = false;
  jumps = 0;

  /**
   * @param {SoundState} state
   * @returns {import('./sound_worklet.js').Steering}
   */
  decide({ now, position, wanted }) {
    const error = wanted - position;
    const size = Math.abs(error);
    if (Number.isNaN(position)) this.#begun = now;
    const far = now - this.#begun < FIRST ? FIRST_JUMP : JUMP;
    if (Number.isNaN(position) || (size > far && now - this.#jumpedAt > REST)) {
      if (!Number.isNaN(position)) this.jumps++;
      this.#jumpedAt = now;
      this.#correcting = false;
      return { rate: 1, jump: wanted };
    }
    this.#correcting = size > (this.#correcting ? 1 : DEAD_BAND);
    if (!this.#correcting) return { rate: 1, jump: null };
    return { rate: 1 + Math.max(-RATE, Math.min(RATE, error / REACH)), jump: null };
  }
}
