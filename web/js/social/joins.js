/** Shows for a few seconds who has joined, without a line in the chat. */
import { partOf, setText } from '../page/dom.js';
import { t } from '../page/strings.js';

const SHOWN_FOR = 2_600; // ms

export class Joins {
  #line;
  #environment;
  #timer = 0;
  /** Whether the creator shows joins at all. */
  allowed = true;

  /**
   * @param {HTMLElement} root
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   *   environment
   */
  constructor(root, environment) {
    this.#line = partOf(root, 'joins');
    this.#environment = environment;
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  /** @param {{names?: string[], others?: number}} event */
  show({ names = [], others = 0 }) {
    if (!this.allowed || !(names.length + others)) return;
    setText(this.#line, textOf(names, others));
    this.#line.classList.add('shown');
    this.#environment.clearTimeout(this.#timer);
    this.#timer = this.#environment.setTimeout(
      () => this.#line.classList.remove('shown'),
      SHOWN_FOR,
    );
  }
}

/**
 * @param {string[]} names
 * @param {number} others
 */
export function textOf(names, others) {
  const [name] = names;
  const count = others + Math.max(0, names.length - 1);
  if (!name) return t('social.joined_count', { count });
  return count ? t('social.joined_others', { name, count }) : t('social.joined', { name });
}
