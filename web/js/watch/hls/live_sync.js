/**
 * Keeps an HLS player near the live edge: by a little more speed, or by a jump where it is too far for that. A stall makes hls.js keep a larger distance,
 * and what was a stall is forgiven in time. Pure.
 */

export const HOLD_BACK = 1.05; // s behind the newest part, as the playlist says (PART-HOLD-BACK)
const FAR = 1.2; // s beyond that; nearer it is walked off
const SLACK = 0.25; // s beyond that which is left as it is: media comes in parts of a third of a second
const BEGIN = 0.4; // s beyond that from which it is walked off, down to the slack
const BRISK = 1.05;
const LEAST = 0.5; // s of media in hand; with less nothing is to be won
const PATIENCE = 4_000; // ms between two jumps: each needs a part or two to be loaded
const ENOUGH = 0.3; // s of media in hand behind a jump
const FORGIVES = 15_000; // ms without a stall until the distance shrinks by a step
const STEP = 0.1; // s
const GRAIN = 0.01; // s

export class LiveSync {
  #jumpedAt = -Infinity;
  #target = HOLD_BACK;
  #changedAt = -Infinity;
  #hurries = false;

  /**
   * How far behind it should be from now on, s, or null where that stays as it is.
   * @param {number} now ms
   * @param {number} target s
   */
  relax(now, target) {
    if (target > this.#target + GRAIN) this.#changedAt = now;
    this.#target = target;
    if (!(target > HOLD_BACK + GRAIN) || now - this.#changedAt < FORGIVES) return null;
    this.#changedAt = now;
    this.#target = Math.max(HOLD_BACK, target - STEP);
    return this.#target;
  }

  /**
   * How fast to play.
   * @param {{latency: number, target: number, ahead: number}} seen  s: how far behind, how far it should be, and how much media is in hand
   */
  pace({ latency, target, ahead }) {
    this.#hurries = ahead > LEAST && latency > target + (this.#hurries ? SLACK : BEGIN);
    return this.#hurries ? BRISK : 1;
  }

  /**
   * Where to jump to, or null.
   * @param {{now: number, latency: number, target: number, position: number, sync: number, loaded: {start: number, end: number}}} seen  ms; the rest in s:
   *   how far behind, how far it should be, the place in the media, where that should be, and the newest media without a hole
   */
  decide({ now, latency, target, position, sync, loaded }) {
    if (!(latency > target + FAR) || now - this.#jumpedAt < PATIENCE) return null;
    // Into what is loaded: a jump beyond waits for a part, and shows nothing meanwhile. Where nothing newer is loaded yet, the jump is not used up.
    const to = Math.max(loaded.start, Math.min(sync, loaded.end - ENOUGH));
    if (!(to > position)) return null;
    this.#jumpedAt = now;
    return to;
  }
}
