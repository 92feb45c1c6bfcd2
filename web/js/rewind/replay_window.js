/**
 * The moments of a live to which a viewer can jump back, as the server lists them. Pure. Times are
 * in µs of media time.
 *
 * @typedef {object} Segment
 * @property {number} start
 * @property {number} end
 * @property {number} piece
 * @property {boolean} key  whether decoding can start here
 *
 * @typedef {{second: number, emoji: Record<string, number>}} HeartSecond
 *
 * @typedef {object} WindowAnswer  the answer to `GET /api/rooms/{room}/window`
 * @property {string} stream
 * @property {number} start
 * @property {number} end
 * @property {number} edge
 * @property {{codecs: string, width: number, height: number}[]} pieces
 * @property {Segment[]} segments
 * @property {HeartSecond[]} hearts
 */

const END = 300_000; // media that is left after a moment, µs

export class ReplayWindow {
  #answer;
  #arrived;

  /**
   * @param {WindowAnswer} answer
   * @param {number} arrived  when the answer arrived, ms
   */
  constructor(answer, arrived) {
    this.#answer = answer;
    this.#arrived = arrived;
  }

  get stream() {
    return this.#answer.stream;
  }

  /** The earliest moment. */
  get start() {
    return this.#answer.start;
  }

  /** The end of the newest segment. */
  get end() {
    return this.#answer.end;
  }

  get hearts() {
    return this.#answer.hearts;
  }

  /**
   * Returns the live edge at the time `now` (ms), which moves on while the creator sends.
   * @param {number} now
   */
  edge(now) {
    return this.#answer.edge + (now - this.#arrived) * 1_000;
  }

  /**
   * Returns the nearest moment in the window. Leaves some media after the moment, because a player
   * cannot show the end of its buffer.
   * @param {number} moment
   */
  clamp(moment) {
    return Math.min(Math.max(moment, this.start), Math.max(this.start, this.end - END));
  }

  /**
   * Returns `moment`, or the start of the next segment if no segment contains the moment, because
   * the creator was away.
   * @param {number} moment
   */
  present(moment) {
    const next = this.#answer.segments.find(({ end }) => end > moment);
    return next ? Math.max(moment, next.start) : moment;
  }

  /**
   * Returns the segment from which a player must load to show `moment`: the segment of the moment
   * or, if this segment does not begin with a keyframe, the last earlier segment that begins with a
   * keyframe.
   * @param {number} moment
   * @returns {Segment | undefined}
   */
  keyFor(moment) {
    const { segments } = this.#answer;
    const at = segments.findLastIndex(({ start }) => start <= moment);
    return segments.slice(0, at + 1).findLast(({ key }) => key) ?? segments[0];
  }

  /**
   * Returns the first segment that starts at `moment` or later.
   * @param {number} moment
   * @returns {Segment | undefined}
   */
  from(moment) {
    return this.#answer.segments.find(({ start }) => start >= moment);
  }

  /**
   * Returns the codec strings of a segment, with commas.
   * @param {Segment} segment
   */
  codecsOf({ piece }) {
    return this.#answer.pieces[piece]?.codecs ?? '';
  }

  /**
   * Returns the taps of all seconds that begin after `from` and not after `to`.
   * @param {number} from
   * @param {number} to
   * @returns {HeartSecond[]}
   */
  heartsBetween(from, to) {
    return this.hearts.filter(({ second }) => second * 1e6 > from && second * 1e6 <= to);
  }
}
