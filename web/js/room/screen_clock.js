/**
 * Computes the media time of the frame on the screen, which is sent with the viewer's actions.
 * Players that do not play on the stream's own clock only know how far they are behind the live
 * edge. Pure.
 */
import { EdgeClock } from '../watch/line/edge_clock.js';

const ON_STREAM_TIME = ['webcodecs', 'mse'];
const UNREPORTED = 500; // maximum time for which a reported position is extrapolated, ms

export class ScreenClock {
  #edge = new EdgeClock();
  #position = NaN; // ms
  #since = 0; // local time at which the player first reported this position, ms

  /**
   * @param {number} now  ms
   * @param {number} mediaTime  media time of the live edge when an event was posted, µs
   */
  addEdge(now, mediaTime) {
    this.#edge.add(now, mediaTime);
  }

  /** Forgets the live edge, because another stream has another clock. */
  reset() {
    this.#edge.reset();
    this.#position = NaN;
  }

  /**
   * @param {number} now  ms
   * @param {Pick<import('../watch/player.js').PlayerStats, 'position' | 'lag' | 'playing'>
   *   & {player: string}} stats
   * @returns {number} µs; NaN while unknown
   */
  read(now, { player, position, lag, playing }) {
    if (ON_STREAM_TIME.includes(player) && position > 0) {
      if (position !== this.#position) [this.#position, this.#since] = [position, now];
      const passed = playing ? Math.min(now - this.#since, UNREPORTED) : 0;
      return Math.round((position + passed) * 1_000);
    }
    return Math.round(this.#edge.at(now) - (lag || 0) * 1_000);
  }
}
