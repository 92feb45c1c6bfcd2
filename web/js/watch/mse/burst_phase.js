/**
 * Detects the end of the burst of a connection. The burst is the media since the last keyframe,
 * which a new connection gets first. Pure. Times are µs of the server's clock.
 *
 * The phase is `first` during the burst of a player's first connection, and `again` during the
 * burst of a reconnection. `landed` follows `again`: the player must now check its distance to
 * the live edge. At all other times, the phase is `live`.
 */

/**
 * Time from the last moment of the burst to the hello, µs. A record that was published before this
 * moment belongs to the burst. The first record that was published later ends the burst.
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
   * @param {number} now time on the server's clock, from the hello
   * @param {boolean} again whether this player has received media over an earlier connection
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

  /** Returns true exactly once after the end of a reconnection's burst, otherwise false. */
  takeLanded() {
    if (this.#phase !== 'landed') return false;
    this.#phase = 'live';
    return true;
  }
}
