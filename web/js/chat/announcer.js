/**
 * Announces new messages to screen readers without flooding them. The first message is read at
 * once. After that, only the number of new messages is announced from time to time.
 */
import { t } from '../page/strings.js';

const EVERY = 5_000; // ms

export class Announcer {
  #say;
  #environment;
  #timer = 0;
  #count = 0;
  #last = '';

  /**
   * @param {(text: string) => void} say
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   *   environment
   */
  constructor(say, environment) {
    this.#say = say;
    this.#environment = environment;
  }

  /** @param {string} line  a message of another person, as one line */
  add(line) {
    this.#count++;
    this.#last = line;
    if (!this.#timer) this.#speak();
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  #speak() {
    this.#timer = 0;
    if (!this.#count) return;
    const count = this.#count;
    this.#say(count === 1 ? this.#last : t('chat.new_count', { count }));
    this.#count = 0;
    this.#timer = this.#environment.setTimeout(() => this.#speak(), EVERY);
  }
}
