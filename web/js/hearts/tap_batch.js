/**
 * Sends the viewer's taps: the first tap at once, then one notice each 500 ms with the counts per
 * 100 ms, for as long as the viewer taps (relay/PROTOCOL.md, `taps`).
 */
const EVERY = 500; // ms
const BIN = 100; // ms
const UNKNOWN = -1; // sent as the media time while the viewer's media time is unknown

export class TapBatch {
  #send;
  #mediaTime;
  #environment;
  /** For each emoji, the number of taps in each bin. @type {Record<string, number[]>} */
  #counts = {};
  #stamp = UNKNOWN;
  #begun = 0;
  #timer = 0;

  /**
   * @param {(notice: object) => void} send
   * @param {() => number} mediaTime  media time of the picture on the screen, µs; NaN while unknown
   * @param {Pick<import('../page/environment.js').Environment, 'now' | 'setTimeout' |
   *   'clearTimeout'>} environment
   */
  constructor(send, mediaTime, environment) {
    this.#send = send;
    this.#mediaTime = mediaTime;
    this.#environment = environment;
  }

  /** @param {string} emoji */
  tap(emoji) {
    if (!this.#timer) {
      this.#notify(this.#now, { [emoji]: [1] });
      this.#begin();
      return;
    }
    const bin = Math.floor((this.#environment.now() - this.#begun) / BIN);
    const bins = (this.#counts[emoji] ??= Array(EVERY / BIN).fill(0));
    const place = Math.min(bin, bins.length - 1);
    bins[place] = (bins[place] ?? 0) + 1;
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = 0;
  }

  get #now() {
    const time = this.#mediaTime();
    return Number.isFinite(time) ? Math.round(time) : UNKNOWN;
  }

  #begin() {
    this.#counts = {};
    this.#begun = this.#environment.now();
    this.#stamp = this.#now;
    this.#timer = this.#environment.setTimeout(() => this.#flush(), EVERY);
  }

  #flush() {
    this.#timer = 0;
    if (!Object.keys(this.#counts).length) return;
    this.#notify(this.#stamp, this.#counts);
    this.#begin();
  }

  /**
   * @param {number} mediaTime
   * @param {Record<string, number[]>} counts
   */
  #notify(mediaTime, counts) {
    this.#send({ type: 'taps', media_time: mediaTime, counts });
  }
}
