/**
 * Tracks the progress of a connection's burst, which is the media since the last keyframe. Pure.
 * Times are µs of the server's clock.
 *
 * The phases `first` and `again` (a reconnection while the player plays) end with the first record
 * published near the hello. `landed` follows `again`, until the player has checked how far behind
 * it is.
 */

/**
 * Time before the hello, µs. The first record that was published later than this ends the burst.
 */
const TAIL = 60_000;

export class BurstPhase {
  /** @type {'first' | 'again' | 'landed' | 'live'} */
  #phase = 'first';
  #end = 0;

  /** Whether media of the burst is still arriving. */
  get arriving() {
    return this.#phase === 'first' || this.#phase === 'again';
  }

  /**
   * Starts the burst of a new connection.
   * @param {number} now the server's clock in the hello
   * @param {boolean} again whether an earlier connection fed this player
   */
  begin(now, again) {
    this.#phase = again ? 'again' : 'first';
    this.#end = now - TAIL;
  }

  /**
   * Takes a media record, which may end the burst.
   * @param {number} publishTime
   */
  receive(publishTime) {
    if (publishTime < this.#end) return;
    if (this.#phase === 'first') this.#phase = 'live';
    else if (this.#phase === 'again') this.#phase = 'landed';
  }

  /** Returns true once, after the burst of a reconnection. */
  takeLanded() {
    if (this.#phase !== 'landed') return false;
    this.#phase = 'live';
    return true;
  }
}
