/**
 * Converts between the time of a replay and media time. The time of a replay leaves out the
 * interruptions of the live. Pure.
 *
 * @typedef {readonly [at: number, mediaTime: number, duration: number]} Run
 *   a part of the replay without an interruption, µs; `at`: time in the replay
 */
const MICROSECONDS = 1e6;

export class ReplayClock {
  #runs;

  /** @param {readonly Run[]} runs  in order */
  constructor(runs) {
    this.#runs = runs;
  }

  /** Length of the replay, s. */
  get duration() {
    const last = this.#runs.at(-1);
    return last ? (last[0] + last[2]) / MICROSECONDS : 0;
  }

  /**
   * @param {number} seconds  time in the replay
   * @returns {number} media time, µs
   */
  mediaTime(seconds) {
    const at = seconds * MICROSECONDS;
    const run = this.#runs.findLast(([begin]) => begin <= at) ?? this.#runs[0];
    if (!run) return 0;
    return Math.round(run[1] + Math.min(Math.max(at - run[0], 0), run[2]));
  }

  /**
   * A media time in an interruption becomes the time at which the interruption begins.
   * @param {number} mediaTime  µs
   * @returns {number} time in the replay, s
   */
  seconds(mediaTime) {
    const run = this.#runs.findLast(([, begin]) => begin <= mediaTime);
    if (!run) return 0;
    return (run[0] + Math.min(mediaTime - run[1], run[2])) / MICROSECONDS;
  }
}
