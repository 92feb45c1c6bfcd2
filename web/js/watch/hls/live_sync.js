/**
 * Keeps an HLS player near the live edge: by a slightly higher playback rate, or by a jump if the
 * player is too far behind. A stall increases the target distance to the live edge. Without stalls,
 * the target distance decreases again, step by step. Pure.
 */

export const HOLD_BACK = 0.63; // distance to the newest part, s: PART-HOLD-BACK of the playlist
const FAR = 1.2; // excess over the target above which the player jumps, s
const SLACK = 0.05; // tolerated excess over the target, s
const BEGIN = 0.15; // excess over the target at which faster playback begins, s; it ends at SLACK
const BRISK = 1.05;
const LATE = 0.3; // excess over the target above which playback is FAST, s
const FAST = 1.1;
const LEAST = 0.3; // duration of buffered media below which playback never gets faster, s
const PATIENCE = 4_000; // minimum time between two jumps, ms
const ENOUGH = 0.3; // duration of the media that a jump needs after its new position, s
const RAISE = 0.2; // increase of the target after a stall, s
const SHORT = 0.1; // if more media is buffered, s, the decoder caused a stall and not the network
const MOST = 2; // maximum target, s: a path that stalls nevertheless is too slow
const FORGIVE = 15_000; // ms without a stall after which the target shrinks by a step
const STEP = 0.1; // s
const GRAIN = 0.01; // s

export class LiveSync {
  #jumpedAt = -Infinity;
  #target = HOLD_BACK;
  #changedAt = -Infinity;
  #hurries = false;

  /**
   * Returns the new target distance to the live edge, s, or null to keep the present target.
   * @param {number} now ms
   * @param {number} target s
   */
  relax(now, target) {
    if (target > this.#target + GRAIN) this.#changedAt = now;
    this.#target = target;
    if (!(target > HOLD_BACK + GRAIN) || now - this.#changedAt < FORGIVE) return null;
    this.#changedAt = now;
    this.#target = Math.max(HOLD_BACK, target - STEP);
    return this.#target;
  }

  /**
   * Returns the new target distance after a stall, s, or null to keep the present target.
   * @param {number} target the present target, s
   * @param {number} ahead buffered media at the stall, s; NaN without any
   */
  raise(target, ahead) {
    return ahead > SHORT || target >= MOST ? null : Math.min(MOST, target + RAISE);
  }

  /**
   * Returns the playback rate.
   * @param {{latency: number, target: number, ahead: number}} seen all in s: distance to the live
   *   edge, target distance, and buffered media
   */
  pace({ latency, target, ahead }) {
    const excess = latency - target;
    this.#hurries = ahead > LEAST && excess > (this.#hurries ? SLACK : BEGIN);
    if (!this.#hurries) return 1;
    return excess > LATE ? FAST : BRISK;
  }

  /**
   * Returns the position to jump to, s, or null for no jump.
   * @param {{now: number, latency: number, target: number, position: number, sync: number, loaded:
   *   {start: number, end: number}}} seen `now` in ms, the others in s. `latency`: distance to the
   *   live edge. `target`: wanted distance. `position`: playhead. `sync`: position at the wanted
   *   distance. `loaded`: newest loaded range
   */
  decide({ now, latency, target, position, sync, loaded }) {
    if (!(latency > target + FAR) || now - this.#jumpedAt < PATIENCE) return null;
    // Jump only into loaded media: otherwise playback would wait for a part. Without newer media,
    // wait.
    const to = Math.max(loaded.start, Math.min(sync, loaded.end - ENOUGH));
    if (!(to > position)) return null;
    this.#jumpedAt = now;
    return to;
  }
}
