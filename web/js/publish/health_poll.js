/**
 * Requests the room's health figures from the server (server/API.md, Health). The interval is one
 * second, or longer if the server demands a longer interval. This module uses no DOM.
 */
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';

/**
 * @typedef {import('../api/rooms_api.js').RoomHealth} RoomHealth
 * @typedef {{status?: number, retryAfter?: number}} Refusal
 */

const EVERY = 1_000; // ms

export class HealthPoll {
  #ask;
  #heard;
  #gone;
  #environment;
  #timer = 0;
  #closed = false;

  /**
   * @param {() => Promise<RoomHealth>} ask
   * @param {(health: RoomHealth) => void} heard
   * @param {(why: string) => void} gone  called when the room has ended
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(ask, heard, gone, environment = BROWSER) {
    this.#ask = ask;
    this.#heard = heard;
    this.#gone = gone;
    this.#environment = environment;
    this.#poll();
  }

  close() {
    this.#closed = true;
    this.#environment.clearTimeout(this.#timer);
  }

  async #poll() {
    const asked = this.#environment.now();
    let wait = EVERY;
    try {
      const health = await this.#ask();
      if (!this.#closed) this.#heard(health);
    } catch (error) {
      if (this.#closed) return;
      const { status = 0, retryAfter = 0 } = /** @type {Refusal} */ (error);
      if (status === 410) return this.#gone(t('studio.ended_elsewhere'));
      if (status === 404) return this.#gone(t('studio.unknown_live'));
      wait = Math.max(wait, retryAfter * 1_000);
    }
    if (this.#closed) return;
    this.#timer = this.#environment.setTimeout(
      () => this.#poll(),
      Math.max(0, asked + wait - this.#environment.now()),
    );
  }
}
