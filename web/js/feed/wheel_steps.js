/**
 * Turns the events of a wheel or a touch pad into steps: one step for each push, however long the
 * push goes on by inertia. Pure.
 */
const ENOUGH = 24; // px in one direction
const PAUSE = 130; // ms without an event after which a new push begins
const HOLD = 380; // minimum time between two steps, ms
const STRONGER = 1.6; // an event this much stronger than the previous one begins a new push

export class WheelSteps {
  #sum = 0;
  #last = 0;
  #seenAt = -Infinity;
  #steppedAt = -Infinity;
  #spent = false;

  /**
   * @param {number} delta  px, positive for down
   * @param {number} now    ms
   * @returns {1 | -1 | 0}
   */
  add(delta, now) {
    const strength = Math.abs(delta);
    const turned = Math.sign(delta) !== Math.sign(this.#sum) && this.#sum !== 0;
    const stronger = strength > this.#last * STRONGER + 4 && now - this.#steppedAt >= HOLD;
    if (now - this.#seenAt > PAUSE || turned || stronger) [this.#sum, this.#spent] = [0, false];
    this.#seenAt = now;
    this.#last = strength;
    this.#sum += delta;
    if (this.#spent || Math.abs(this.#sum) < ENOUGH) return 0;
    this.#spent = true;
    this.#steppedAt = now;
    return this.#sum > 0 ? 1 : -1;
  }
}
