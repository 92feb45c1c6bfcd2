/**
 * Computes the live edge and the jitter from the arrival times and media times of records. The
 * record with the smallest delay in the last seconds defines the live edge, so that late records do
 * not move the live edge. The jitter is how much later the other records arrive.
 */
const WARM_UP = 15; // records; the first records are not counted
// A page that is still starting delays records for about 2 s. Their lateness would delay the
// playback for as long as they are among the counted records, so they are forgotten.
const STARTED = 75; // records
const FEW = 30; // counted records after which the jitter is computed again

export class Arrivals {
  #warm = 0;
  #transits = new Float64Array(300); // arrival minus media time, ms; for ten seconds of video
  #count = 0;
  #quickest = Infinity;
  #jitter = 0;
  #tail = 0;
  #computedAt = -Infinity;

  /**
   * Forgets all measurements. Call this when a new epoch starts, because its records may have
   * another delay.
   */
  reset() {
    this.#warm = 0;
    this.#count = 0;
    this.#quickest = Infinity;
    this.#jitter = this.#tail = 0;
    this.#computedAt = -Infinity;
  }

  /**
   * @param {number} media   ms, player time
   * @param {number} arrival ms, local clock
   */
  add(media, arrival) {
    const transit = arrival - media;
    if (transit < this.#quickest) this.#quickest = transit;
    if (++this.#warm <= WARM_UP) return;
    if (this.#warm === STARTED) this.#count = 0;
    this.#transits[this.#count++ % this.#transits.length] = transit;
    if (arrival - this.#computedAt < 500) return;
    if (this.#warm >= STARTED && this.#count < FEW) return;
    this.#computedAt = arrival;
    const sorted = this.#transits.slice(0, Math.min(this.#count, this.#transits.length)).sort();
    this.#quickest = sorted[0] ?? transit;
    const [late = transit, latest = transit] = [0.95, 0.99].map(
      (share) => sorted[Math.floor((sorted.length - 1) * share)],
    );
    this.#jitter = late - this.#quickest;
    this.#tail = latest - late;
  }

  /** The 95th percentile of the lateness of records, ms. */
  get jitter() {
    return this.#jitter;
  }

  /** How much later than the 95th percentile the 99th percentile is, ms. */
  get tail() {
    return this.#tail;
  }

  /**
   * Returns the live edge, ms: the media time of a record that would arrive now without delay. NaN
   * before the first record.
   * @param {number} now
   */
  edge(now) {
    return this.#warm ? now - this.#quickest : NaN;
  }
}
