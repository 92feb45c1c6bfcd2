/**
 * Decides when the browser should probe the path. After congestion, a browser without probes raises
 * its estimate of the path's capacity by at most 8 % a second. A creator whose uplink was narrow
 * would send at a low bitrate for 12 to 23 s more. A probe measures the capacity at once.
 *
 * A probe of a path that is still narrow would delay the media, and the burst of some links makes
 * the result too high. The path is therefore probed only when the estimate shows that the path is
 * wider than it was at the last congestion. Pure.
 */

// Share of the maximum estimate at which the encoder gets 90 % of its maximum bitrate.
const ENOUGH = 0.8;
// A fall of the estimate below this share of the last one means congestion.
const FALL = 0.95;
// At congestion, libwebrtc lowers its estimate to this share of the bitrate that arrives.
const BACKOFF = 0.85;
// Ratio of the estimate to the bitrate that arrived at the last congestion, from which on the path
// counts as wider. On an unchanged path, the ratio reaches 1.3 before the next congestion.
const WIDER = 1.45;
// Time between two probes, s.
const WAIT = 4;

export class ProbeSchedule {
  #last = 0;
  #congested = Infinity; // bitrate that arrived at the last congestion, bit/s
  #sinceProbe = WAIT;

  /**
   * Takes one estimate. Call this once a second.
   * @param {number | undefined} estimate bit/s, the estimated capacity of the path; undefined if the
   *   browser does not measure it
   * @param {number} most bit/s, the maximum of the estimate; NaN if unknown
   * @returns {boolean} whether to probe the path now
   */
  measure(estimate = NaN, most) {
    if (estimate < this.#last * FALL) this.#congested = estimate / BACKOFF;
    this.#last = estimate;
    this.#sinceProbe++;
    const due = this.#sinceProbe >= WAIT && estimate >= this.#congested * WIDER;
    if (!due || !(estimate < most * ENOUGH)) return false;
    this.#sinceProbe = 0;
    return true;
  }
}
