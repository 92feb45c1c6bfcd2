/**
 * Computes the places of the floating hearts. Their number is bounded: at the limit, a new heart
 * replaces the oldest heart. Pure.
 *
 * @typedef {object} Sprite
 * @property {string} emoji
 * @property {number} x  of the heart's centre, px
 * @property {number} y
 * @property {number} size  px
 * @property {number} turn  radians
 * @property {number} opacity  0 to 1
 */
export const MOST = 60;
const LIFE = 2_200; // ms
const RISE = 0.62; // distance that a heart rises, as a fraction of the canvas's height
const SWAY = 26; // px
const GROW = 180; // ms

/** @typedef {{emoji: string, x: number, y: number, size: number, born: number, seed: number}} Born */

export class Sprites {
  /** @type {Born[]} */
  #born = [];
  #random;

  /** @param {() => number} [random] */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * @param {string} emoji
   * @param {number} x  px
   * @param {number} y
   * @param {number} at  ms at which the heart appears
   */
  add(emoji, x, y, at) {
    const size = 26 + this.#random() * 16;
    this.#born.push({ emoji, x, y, size, born: at, seed: this.#random() });
    this.#born.splice(0, this.#born.length - MOST);
  }

  /** Whether no heart is left. */
  get empty() {
    return !this.#born.length;
  }

  clear() {
    this.#born = [];
  }

  /**
   * Returns the hearts to draw at the time `now`, and forgets the hearts whose life is over.
   * @param {number} now  ms
   * @param {number} height  of the canvas, px
   * @returns {Sprite[]}
   */
  at(now, height) {
    this.#born = this.#born.filter(({ born }) => now - born < LIFE);
    return this.#born
      .filter(({ born }) => born <= now)
      .map(({ emoji, x, y, size, born, seed }) => {
        const age = (now - born) / LIFE;
        const phase = seed * Math.PI * 2 + age * 5;
        return {
          emoji,
          x: x + Math.sin(phase) * SWAY * age * (0.5 + seed),
          y: y - height * RISE * age * (0.75 + seed * 0.25),
          size: size * Math.min(1, 0.4 + (now - born) / GROW) * (1 + age * 0.15),
          turn: Math.sin(phase) * 0.22,
          opacity: Math.min(1, (1 - age) * 2.2),
        };
      });
  }
}
