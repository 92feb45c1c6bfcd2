/** A grid of cards, which follows a changing list of items. */
import { fillCard, newCard } from './item_card.js';

/** @typedef {import('../api/discovery_api.js').Item} Item */

export class ItemGrid {
  #list;
  #template;
  /** @type {Map<string, HTMLElement>} */
  #cards = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template of a card
   */
  constructor(list, template) {
    this.#list = list;
    this.#template = template;
  }

  get size() {
    return this.#cards.size;
  }

  /**
   * Shows these items, in this order.
   * @param {Item[]} items
   */
  show(items) {
    const present = new Set(items.map(keyOf));
    for (const [key, card] of this.#cards) {
      if (present.has(key)) continue;
      card.remove();
      this.#cards.delete(key);
    }
    items.forEach((item, n) => this.#place(this.#cardOf(item), n));
  }

  /**
   * Adds items after the present ones. Leaves out items that the grid shows already.
   * @param {Item[]} items
   */
  add(items) {
    for (const item of items)
      if (!this.#cards.has(keyOf(item))) this.#place(this.#cardOf(item), this.#cards.size - 1);
  }

  /** @param {Item} item */
  #cardOf(item) {
    const card = this.#cards.get(keyOf(item)) ?? newCard(this.#template, item);
    this.#cards.set(keyOf(item), card);
    fillCard(card, item);
    return card;
  }

  /**
   * A card in the right place is not moved, because moving a focused element removes its focus.
   * @param {HTMLElement} card
   * @param {number} n
   */
  #place(card, n) {
    const at = this.#list.children[n] ?? null;
    if (at !== card) this.#list.insertBefore(card, at);
  }
}

/** @param {Item} item */
const keyOf = ({ kind, id }) => `${kind}:${id}`;
