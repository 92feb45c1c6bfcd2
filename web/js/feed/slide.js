/**
 * One page of the deck: the poster, the words about an item, and the view that plays it. A slide
 * creates its view when it gets a connection and closes the view when it loses the connection.
 * `close` releases everything.
 *
 * @typedef {import('../api/feed_api.js').FeedItem} FeedItem
 * @typedef {import('./pager.js').Role} Role
 *
 * What plays an item.
 * @typedef {object} SlideView
 * @property {() => void} play
 * @property {() => void} hold   stops the media, but keeps a still picture
 * @property {() => void} close
 * @property {boolean} muted
 * @property {() => any} stats
 * @property {(action: import('./keys.js').FeedAction) => void} act
 *
 * @typedef {object} SlideParts
 * @property {FeedItem} item
 * @property {HTMLElement} root  the stage
 * @property {boolean} standby   whether the view begins on standby
 *
 * @typedef {object} SlideListener
 * @property {(parts: SlideParts) => SlideView} view  creates the view of the item
 * @property {(item: FeedItem) => void} why    the viewer asks why the item is shown
 * @property {(item: FeedItem) => void} share
 */
import { copyOf } from '../page/element.js';
import { byId } from '../page/dom.js';
import { fitOf, pictureShape } from '../page/fit.js';
import { describe } from './description.js';
import { stillOf } from './still.js';

export class Slide {
  item;
  element;
  #listener;
  /** @type {SlideView | null} */
  #view = null;
  /** @type {HTMLElement} */
  #stage;
  /** The stage as no view has used it. @type {HTMLElement} */
  #fresh;
  /** @type {Role} */
  #role = 'empty';
  #poster;
  #listening = new AbortController();

  /**
   * @param {FeedItem} item
   * @param {SlideListener} listener
   */
  constructor(item, listener) {
    this.item = item;
    this.#listener = listener;
    const name = item.kind === 'live' ? 'live-slide' : 'recorded-slide';
    this.element = copyOf(/** @type {HTMLTemplateElement} */ (byId(name)));
    this.element.dataset.kind = item.kind;
    this.element.inert = true;
    this.element.setAttribute('aria-label', describe(this.element, item));
    this.#poster = /** @type {HTMLImageElement} */ (this.element.querySelector('.poster'));
    this.#fresh = /** @type {HTMLElement} */ (this.element.querySelector('.stage'));
    this.#fresh.remove();
    this.#stage = this.#makeStage();
    this.element.addEventListener('click', (event) => this.#click(event), {
      signal: this.#listening.signal,
    });
    this.#poster.addEventListener('load', () => {
      this.#poster.hidden = false;
      this.fit();
    });
  }

  get view() {
    return this.#view;
  }

  get role() {
    return this.#role;
  }

  /** @param {Role} role */
  set role(role) {
    if (role === this.#role) return;
    const before = this.#role;
    this.#role = role;
    if (role === 'empty') this.#empty();
    else if (before === 'empty') this.#furnish();
    if (role === 'poster') this.#closeView();
    if (role === 'play' || role === 'standby') this.#run(role, before);
  }

  /**
   * @param {'play' | 'standby'} role
   * @param {Role} before
   */
  #run(role, before) {
    this.#view ??= this.#listener.view({
      ...{ item: this.item, root: this.#stage, standby: role === 'standby' },
    });
    if (role === 'play') this.#view.play();
    else if (before === 'play') this.#view.hold();
  }

  /** The page's own controls, and its picture for screen readers, are those of the current slide. */
  set current(/** @type {boolean} */ current) {
    if (this.element.inert === current) this.element.inert = !current;
  }

  /** Fits the poster to the screen as the video will be. */
  fit() {
    const { naturalWidth, naturalHeight } = this.#poster;
    const width = naturalWidth || this.item.width || 9;
    const height = naturalHeight || this.item.height || 16;
    const shape = pictureShape(innerWidth, innerHeight, this.#stage.dataset.chat);
    const fit = fitOf(width / height, shape);
    this.element.dataset.fit = fit;
    if (!this.#view) this.#stage.dataset.fit = fit;
  }

  close() {
    this.#listening.abort();
    this.#empty();
    this.element.remove();
  }

  #furnish() {
    this.element.append(this.#stage);
    this.fit();
    const poster = stillOf(this.item);
    if (poster && this.#poster.getAttribute('src') !== poster) this.#poster.src = poster;
  }

  #closeView() {
    if (!this.#view) return;
    this.#view.close();
    this.#view = null;
    // A closed view leaves its elements as they are.
    const before = this.#stage;
    this.#stage = this.#makeStage();
    before.replaceWith(this.#stage);
    // Browsers limit the media players of a page, and would keep these until garbage is collected.
    for (const video of before.querySelectorAll('video'))
      if (video.srcObject) video.srcObject = null;
    this.fit();
  }

  #makeStage() {
    const stage = /** @type {HTMLElement} */ (this.#fresh.cloneNode(true));
    // The attribute mutes an element that was parsed, but not in every browser a copied one.
    for (const video of stage.querySelectorAll('video')) video.muted = true;
    return stage;
  }

  #empty() {
    this.#role = 'empty';
    this.current = false;
    this.#closeView();
    this.#stage.remove();
    this.#poster.removeAttribute('src');
    this.#poster.hidden = true;
  }

  /** @param {Event} event */
  #click({ target }) {
    const hit = (/** @type {string} */ part) =>
      /** @type {Element} */ (target).closest(`[data-part="${part}"]`) !== null;
    if (hit('why')) this.#listener.why(this.item);
    else if (hit('share')) this.#listener.share(this.item);
    else if (hit('comments')) this.#toggleComments();
  }

  #toggleComments() {
    const all = this.#stage.dataset.comments !== 'all';
    this.#stage.dataset.comments = all ? 'all' : 'few';
    this.#stage.querySelector('[data-part="comments"]')?.setAttribute('aria-expanded', String(all));
  }
}
