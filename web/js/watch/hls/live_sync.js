/** Keeps an HLS player near the live edge. What hls.js does by itself is a little more speed; what is too far for that is a jump. Pure. */

export const HOLD_BACK = 1.05; // s behind the newest part, as the playlist says (PART-HOLD-BACK)
const FAR = 1.2; // s beyond that; nearer it is walked off
const PATIENCE = 4_000; // ms between two jumps: each needs a part or two to be loaded

export class LiveSync {
  #jumpedAt = -Infinity;

  /**
   * Where to jump to, or null.
   * @param {{now: number, latency: number, target: number, sync: number, buffered: number}} seen  ms; the rest in s: how far behind, how far it should
   *   be, the place in the media where that would be, and up to where there is media
   */
  decide({ now, latency, target, sync, buffered }) {
    if (!(latency > target + FAR) || now - this.#jumpedAt < PATIENCE) return null;
    // Into what is loaded: a jump beyond waits for a part, and shows nothing meanwhile.
    const to = Math.min(sync, buffered - 0.3);
    if (!Number.isFinite(to)) return null;
    this.#jumpedAt = now;
    return to;
  }
}
