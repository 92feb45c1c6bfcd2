/**
 * The feed: a deck of slides, of which at most three are connected. `Pager` decides what each slide
 * does; this class carries it out. `close` releases everything.
 *
 * @typedef {import('../api/feed_api.js').FeedItem} FeedItem
 *
 * @typedef {object} FeedListener
 * @property {(item: FeedItem) => void} arrived  this item fills the screen
 * @property {(watched: import('./watch_meter.js').Watched, item: FeedItem) => void} watched  the
 *   viewer left an item
 * @property {() => void} wantsMore  the end of the items is near
 * @property {() => void} again      the viewer asks for the first items
 *
 * @typedef {object} FeedViewOptions
 * @property {HTMLElement} deck
 * @property {(parts: import('./slide.js').SlideParts, state: (state: string) => void) =>
 *   import('./slide.js').SlideView} view  creates what plays an item
 * @property {Pick<import('./slide.js').SlideListener, 'why' | 'share'>} actions
 * @property {FeedListener} listener
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
import { byId } from '../page/dom.js';
import { copyOf } from '../page/element.js';
import { BROWSER } from '../page/environment.js';
import { isOver } from '../room/room_state.js';
import { Deck } from './deck.js';
import { Pager, keyOf } from './pager.js';
import { Slide } from './slide.js';
import { WatchMeter } from './watch_meter.js';

export class FeedView {
  #options;
  #environment;
  #deck;
  #pager = new Pager();
  /** The slides of the pager's items, in their order. @type {Slide[]} */
  #slides = [];
  /** @type {HTMLElement | null} */
  #end = null;
  #meter = new WatchMeter();
  /** @type {FeedItem | undefined} */
  #shown;
  /** Items whose live is over. @type {Set<string>} */
  #over = new Set();
  #sounding = false;
  #listening = new AbortController();

  /** @param {FeedViewOptions} options */
  constructor(options) {
    this.#options = options;
    const { deck, environment = BROWSER } = options;
    this.#environment = environment;
    this.#deck = new Deck(deck, {
      moved: (position) => this.#move(position),
      rested: (index) => this.#rest(index),
      step: (direction) => this.step(direction),
    });
    this.#listen(deck);
  }

  /** What plays the item on the screen. */
  get view() {
    return this.#slides[this.#pager.at]?.view ?? null;
  }

  get items() {
    return this.#pager.items;
  }

  /** Place of the item on the screen. */
  get at() {
    return this.#pager.at;
  }

  /** Whether the deck is at rest. */
  get resting() {
    return this.#pager.resting;
  }

  /** What each slide does now. */
  get roles() {
    return this.#slides.map(({ role }) => role);
  }

  close() {
    this.#finish();
    this.#clear();
    this.#deck.close();
    this.#listening.abort();
  }

  /**
   * Shows these items instead of all others.
   * @param {readonly FeedItem[]} items
   * @param {boolean} complete  whether the server has no more items
   */
  show(items, complete) {
    this.#finish();
    this.#clear();
    this.#deck.show(0);
    this.append(items, complete);
  }

  /**
   * @param {readonly FeedItem[]} items
   * @param {boolean} complete
   */
  append(items, complete) {
    for (const item of this.#pager.append(items)) {
      const slide = new Slide(item, this.#slideListener(item));
      this.#slides.push(slide);
      this.#options.deck.insertBefore(slide.element, this.#end);
    }
    this.#showEnd(complete && this.#slides.length > 0);
    if (this.#pager.resting) this.#rest(this.#pager.at);
    else this.#render();
  }

  /**
   * Shows these items after the next one, instead of those that follow it now.
   * @param {readonly FeedItem[]} items
   * @param {boolean} complete
   */
  renew(items, complete) {
    for (let n = this.#pager.replaceable; n > 0; n--) this.#remove(this.#slides.length - 1);
    this.append(items, complete);
  }

  /**
   * Goes to the next or the previous slide.
   * @param {1 | -1} direction
   */
  step(direction) {
    this.#deck.show(this.#pager.step(direction, this.#end !== null), true);
  }

  /** Goes to the first slide. */
  home() {
    this.#deck.show(0);
  }

  /** @param {import('./keys.js').FeedAction} action */
  act(action) {
    if (action === 'next') this.step(1);
    else if (action === 'previous') this.step(-1);
    else if (action === 'first') this.home();
    else this.view?.act(action);
    this.#hearSound();
  }

  /** The page is hidden, or visible again. @param {boolean} hidden */
  set hidden(hidden) {
    const now = this.#environment.now();
    if (hidden) this.#meter.pause(now);
    else this.#meter.resume(now);
  }

  /** Ends the time of the item on the screen, because the page is being left. */
  leave() {
    return this.#meter.end(this.#environment.now());
  }

  /** The page was left, but the browser has kept it. */
  comeBack() {
    this.#meter.begin(this.#shown, this.#environment.now());
  }

  /** @param {HTMLElement} deck */
  #listen(deck) {
    const options = { signal: this.#listening.signal };
    // The controls of a slide have turned the sound on or off.
    for (const type of ['click', 'pointerup'])
      deck.addEventListener(type, () => this.#hearSound(), options);
    deck.addEventListener('click', (event) => this.#click(event), options);
    // While the viewer writes, the deck stays where it is.
    deck.addEventListener('focusin', () => this.#lock(isWriting()), options);
    deck.addEventListener('focusout', () => this.#lock(false), options);
    window.addEventListener('resize', () => this.#fit(), options);
  }

  /** @param {FeedItem} item @returns {import('./slide.js').SlideListener} */
  #slideListener(item) {
    const key = keyOf(item);
    return {
      ...this.#options.actions,
      view: (parts) =>
        this.#options.view(parts, (state) => {
          if (isOver(/** @type {any} */ (state))) this.#over.add(key);
          if (this.#pager.resting) queueMicrotask(() => this.#removeOver());
        }),
    };
  }

  /** @param {Event} event */
  #click({ target }) {
    const part = /** @type {HTMLElement} */ (target).dataset.part;
    if (part === 'go-on') this.step(1);
    else if (part === 'again') this.#options.listener.again();
  }

  /** @param {boolean} locked */
  #lock(locked) {
    this.#options.deck.classList.toggle('locked', locked);
  }

  #fit() {
    for (const slide of this.#slides) if (slide.role !== 'empty') slide.fit();
    this.#deck.show(this.#pager.at);
  }

  /** @param {number} position  pages */
  #move(position) {
    this.#pager.move(position);
    this.#render();
  }

  /** @param {number} index */
  #rest(index) {
    this.#pager.rest(index);
    this.#removeOver();
    this.#trim();
    this.#render();
    const { current } = this.#pager;
    if (current !== this.#shown) this.#arrive(current);
    if (this.#pager.wantsMore) this.#options.listener.wantsMore();
  }

  /** @param {FeedItem | undefined} item  undefined at the end */
  #arrive(item) {
    this.#finish();
    this.#shown = item;
    this.#meter.begin(item, this.#environment.now());
    if (document.hidden) this.#meter.pause(this.#environment.now());
    if (item) this.#options.listener.arrived(item);
  }

  /** Reports what was watched last. */
  #finish() {
    const watched = this.#meter.end(this.#environment.now());
    if (watched && this.#shown) this.#options.listener.watched(watched, this.#shown);
    this.#shown = undefined;
  }

  #render() {
    const roles = this.#pager.roles();
    const { at } = this.#pager;
    // First end what is not needed, so that there are never more than three connections.
    this.#slides.forEach((slide, index) => {
      const role = roles[index] ?? 'empty';
      if (role === 'empty' || role === 'poster') slide.role = role;
    });
    this.#slides.forEach((slide, index) => {
      slide.role = roles[index] ?? 'empty';
      if (slide.role !== 'empty') slide.current = index === at;
    });
    if (this.#end) this.#end.inert = at !== this.#slides.length;
    this.#placeSound(at);
  }

  /** Only the item that covers most of the screen may be heard. @param {number} at */
  #placeSound(at) {
    this.#slides.forEach(({ view }, index) => {
      if (view && index !== at && !view.muted) view.muted = true;
    });
    const { view } = this;
    if (view && this.#sounding && view.muted) view.muted = false;
  }

  #hearSound() {
    const { view } = this;
    if (view) this.#sounding = !view.muted;
  }

  /** Removes lives that are over, except the one on the screen. */
  #removeOver() {
    if (!this.#over.size || !this.#pager.resting) return;
    const { length } = this.#slides;
    for (let index = length - 1; index >= 0; index--) {
      const item = this.#pager.items[index];
      if (item && index !== this.#pager.at && this.#over.has(keyOf(item))) this.#remove(index);
    }
    if (this.#slides.length === length) return;
    this.#deck.show(this.#pager.at);
    this.#render();
  }

  /** Removes the slides that are far behind, so that a long session needs no more memory. */
  #trim() {
    const count = this.#pager.tooFarBehind;
    for (let n = 0; n < count; n++) this.#remove(0);
    if (count) this.#deck.show(this.#pager.at);
  }

  /** @param {number} index */
  #remove(index) {
    this.#slides.splice(index, 1)[0]?.close();
    const item = this.#pager.items[index];
    if (item) this.#over.delete(keyOf(item));
    this.#pager.remove(index);
  }

  /** @param {boolean} shown */
  #showEnd(shown) {
    if (!shown) {
      this.#end?.remove();
      this.#end = null;
    } else if (!this.#end) {
      this.#end = copyOf(/** @type {HTMLTemplateElement} */ (byId('end-slide')));
      this.#options.deck.append(this.#end);
    }
  }

  #clear() {
    for (const slide of this.#slides) slide.close();
    this.#slides = [];
    this.#over.clear();
    this.#pager.clear();
    this.#showEnd(false);
  }
}

/** Whether the focus is in a field for text. */
function isWriting() {
  return document.activeElement?.matches('textarea, input[maxlength]') ?? false;
}
