/**
 * The part of a live that the two handles of the clip sheet choose. Handles snap to keyframes, since
 * a clip is cut without encoding its video again. Pure.
 *
 * @typedef {'start' | 'end'} Side
 *
 * @typedef {object} Extent  how far the handles may go; times are media times, µs
 * @property {number} from
 * @property {number} until
 * @property {number[]} keyframes  ascending
 */
export const SHORTEST = 5_000_000; // µs
export const LONGEST = 60_000_000; // µs

export class Handles {
  #extent;
  #chosen;

  /**
   * @param {Extent} extent
   * @param {number} start  µs
   * @param {number} end    µs
   */
  constructor(extent, start, end) {
    this.#extent = extent;
    this.#chosen = { start, end };
  }

  get start() {
    return this.#chosen.start;
  }

  get end() {
    return this.#chosen.end;
  }

  /** Length of the chosen part, µs. */
  get length() {
    return this.end - this.start;
  }

  get extent() {
    return this.#extent;
  }

  /**
   * Takes an extent that may have grown. The chosen part does not change.
   * @param {Extent} extent
   */
  extend(extent) {
    this.#extent = extent;
  }

  /**
   * Moves one handle to the allowed place that is nearest to `time`.
   * @param {Side} side
   * @param {number} time  µs
   */
  move(side, time) {
    const places = this.#places(side);
    if (!places.length) return;
    this.#chosen[side] = places.reduce((best, place) =>
      Math.abs(place - time) < Math.abs(best - time) ? place : best,
    );
  }

  /**
   * Moves one handle by this number of places: to the right if positive, to the left if negative.
   * @param {Side} side
   * @param {number} count
   */
  step(side, count) {
    const places = this.#places(side);
    const beyond =
      count > 0
        ? places.filter((place) => place > this.#chosen[side])
        : places.filter((place) => place < this.#chosen[side]).reverse();
    const place = beyond[Math.min(Math.abs(count), beyond.length) - 1];
    if (place !== undefined) this.#chosen[side] = place;
  }

  /**
   * Returns the first and the last place to which a handle can go, µs.
   * @param {Side} side
   * @returns {[number, number]}
   */
  limits(side) {
    const places = [...this.#places(side), this.#chosen[side]];
    return [Math.min(...places), Math.max(...places)];
  }

  /**
   * Returns the places to which a handle can go while the other handle stays, ascending.
   * @param {Side} side
   */
  #places(side) {
    const { from, until, keyframes } = this.#extent;
    const inside = keyframes.filter((time) => time >= from && time <= until);
    const places = side === 'end' && inside.at(-1) !== until ? [...inside, until] : inside;
    return places.filter((place) => {
      const length = side === 'start' ? this.end - place : place - this.start;
      return length >= SHORTEST && length <= LONGEST;
    });
  }
}

/**
 * Returns where a time is in the extent: 0 at the left edge, 1 at the right edge.
 * @param {Pick<Extent, 'from' | 'until'>} extent
 * @param {number} time  µs
 */
export function fractionOf({ from, until }, time) {
  return until > from ? Math.min(1, Math.max(0, (time - from) / (until - from))) : 0;
}

/**
 * Returns the media time at a place of the extent, µs.
 * @param {Pick<Extent, 'from' | 'until'>} extent
 * @param {number} fraction  0 at the left edge, 1 at the right edge
 */
export function timeAt({ from, until }, fraction) {
  return Math.round(from + Math.min(1, Math.max(0, fraction)) * (until - from));
}

/**
 * Returns the seconds of a file between which a preview of the chosen part plays. If the file
 * contains nothing of the chosen part, the preview is the whole file.
 * @param {{start: number, end: number}} file    media times of the file, µs
 * @param {{start: number, end: number}} chosen  µs
 * @returns {[number, number]}
 */
export function loopOf(file, chosen) {
  const start = Math.max(file.start, chosen.start);
  const end = Math.min(file.end, chosen.end);
  const [first, last] = start < end ? [start, end] : [file.start, file.end];
  return [(first - file.start) / 1e6, (last - file.start) / 1e6];
}

/**
 * Returns the picture of a filmstrip to show for a time: the last picture that is not later.
 * @template {{at: number}} T
 * @param {readonly T[]} tiles  ascending
 * @param {number} time  µs
 * @returns {T | undefined}
 */
export function tileAt(tiles, time) {
  return tiles.filter(({ at }) => at <= time).at(-1) ?? tiles[0];
}
