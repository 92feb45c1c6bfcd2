/**
 * Estimates the server's clock from time exchanges (relay/PROTOCOL.md). Only the exchange with the
 * shortest round trip is used. Old exchanges are dropped, because clocks drift.
 */
export class ServerClock {
  /** @type {{ahead: number, error: number}[]} µs */
  #samples = [];

  /**
   * @param {number} sent     ms, local
   * @param {number} received ms, local
   * @param {number} server   µs, in the server's answer
   */
  add(sent, received, server) {
    this.#samples.push({ ahead: server - (sent + received) * 500, error: (received - sent) * 500 });
    if (this.#samples.length > 12) this.#samples.shift();
  }

  /** @returns {{ahead: number, error: number} | null} */
  get #best() {
    let best = null;
    for (const sample of this.#samples) if (!best || sample.error < best.error) best = sample;
    return best;
  }

  /**
   * Maximum error of the time that `at` returns, µs: half the shortest round trip. NaN before the
   * first exchange.
   */
  get error() {
    return this.#best?.error ?? NaN;
  }

  /**
   * Returns the server's time (µs) at the local time `now` (ms); NaN before the first exchange.
   * @param {number} now
   */
  at(now) {
    const best = this.#best;
    return best ? now * 1000 + best.ahead : NaN;
  }
}
