/** The results of a search: people, tags and items. Without results, the trending tags. */
import { partOf, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { rowOf } from '../people/rows.js';
import { ItemGrid } from './item_grid.js';
import { showTags } from './tag_chips.js';

/** @typedef {import('../api/discovery_api.js').Found} Found */

export class SearchResults {
  #root;
  #grid;

  /**
   * @param {HTMLElement} root
   * @param {HTMLTemplateElement} template of a card
   */
  constructor(root, template) {
    this.#root = root;
    this.#grid = new ItemGrid(partOf(root, 'items'), template);
  }

  hide() {
    this.#root.hidden = true;
  }

  /**
   * @param {string} text  what was searched
   * @param {Found} found
   */
  show(text, { people, tags, items }) {
    const count = people.length + tags.length + items.length;
    this.#root.hidden = false;
    this.#root.dataset.found = count ? 'some' : 'none';
    setText(
      partOf(this.#root, 'summary'),
      count ? t('explore.found', { count }) : t('explore.nothing', { text }),
    );
    const rows = people.map((person) =>
      rowOf({
        person,
        title: person.name,
        ...(person.handle && {
          lines: [`@${person.handle}`],
          href: `/@${encodeURIComponent(person.handle)}`,
        }),
      }),
    );
    partOf(this.#root, 'people').replaceChildren(...rows);
    showTags(partOf(this.#root, 'tags'), tags);
    this.#grid.show(items);
  }

  /** @param {Error} error */
  fail(error) {
    this.#root.hidden = false;
    this.#root.dataset.found = 'failed';
    setText(partOf(this.#root, 'summary'), error.message);
    partOf(this.#root, 'people').replaceChildren();
    showTags(partOf(this.#root, 'tags'), []);
    this.#grid.show([]);
  }
}
