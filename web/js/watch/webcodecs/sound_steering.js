/**
 * How the sound keeps its distance to the edge: by resampling too gently to hear, or by one jump. Pure; ms throughout.
 *
 * @typedef {object} SoundState
 * @property {number} now
 * @property {number} position media time that is given out now
 * @property {number} wanted   media time that should be
 */
const DEAD_BAND = 4; // ms
const RATE = 0.01; // of rate, at most: a sixth of a semitone, and reached by degrees
const JUMP = 110; // ms; what would take longer to walk than to forget
const FIRST_JUMP = 40; // ms; while a player is still finding its place
const FIRST = 5_000; // ms
const REACH = 3_000; // ms
const REST = 400; // ms between jumps

export class SoundSteering {
  #jumpedAt = -Infinity;
  #begun = NaN;
  #walking = false;
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
      this.#walking = false;
      return { rate: 1, jump: wanted };
    }
    this.#walking = size > (this.#walking ? 1 : DEAD_BAND);
    if (!this.#walking) return { rate: 1, jump: null };
    return { rate: 1 + Math.max(-RATE, Math.min(RATE, error / REACH)), jump: null };
  }
}
