/**
 * The list of messages. The list scrolls to each new message, unless the reader has scrolled up. In
 * that case, a button shows the number of new messages. In the list, the arrow keys go from message
 * to message.
 */
import { partOf, setText } from '../page/dom.js';
import { copyOf } from '../page/element.js';
import { t, hasText } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';
import { partsOf } from './text_parts.js';

/**
 * @typedef {import('./message_list.js').Entry} Entry
 *
 * @typedef {object} ChatLogActions
 * @property {(entry: Entry) => void} open   shows the sheet of a message
 * @property {(entry: Entry) => void} again  sends a failed message again
 */

const END = 48; // maximum distance to the end at which the log follows new messages, px

export class ChatLog {
  #list;
  #newest;
  #empty;
  #template;
  #actions;
  #links = false;
  #me = '';
  /** @type {Map<string, {item: HTMLElement, entry: Entry, shown: string}>} */
  #items = new Map();
  #following = true;
  #unread = 0;
  // The height of the log changes if the field grows, a poll appears or the phone is turned. Keep
  // the newest message in sight.
  #resizes = new ResizeObserver(() => this.#resized());
  #size = '';
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {HTMLTemplateElement} template  template of one message
   * @param {ChatLogActions} actions
   */
  constructor(root, template, actions) {
    this.#list = partOf(root, 'log');
    this.#newest = partOf(root, 'newest');
    this.#empty = partOf(root, 'empty');
    this.#template = template;
    this.#actions = actions;
    const { signal } = this.#listening;
    this.#list.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    this.#newest.addEventListener('click', () => this.follow(), { signal });
    this.#resizes.observe(this.#list);
    this.#list.addEventListener('click', (event) => this.#clicked(event), { signal });
    this.#list.addEventListener('keydown', (event) => this.#walk(event), { signal });
  }

  /** The element that contains the messages. */
  get element() {
    return this.#list;
  }

  close() {
    this.#resizes.disconnect();
    this.#listening.abort();
  }

  /**
   * Whether links in messages can be tapped. A change also applies to the messages that are already
   * shown.
   * @param {boolean} links
   */
  set links(links) {
    if (links === this.#links) return;
    this.#links = links;
    for (const shown of this.#items.values()) shown.shown = '';
  }

  /** Id of the reader. Messages that mention the reader are highlighted. @param {string} id */
  set me(id) {
    if (id === this.#me) return;
    this.#me = id;
    for (const shown of this.#items.values()) shown.shown = '';
  }

  /** @param {readonly Entry[]} entries */
  show(entries) {
    const keys = new Set(entries.map(({ key }) => key));
    for (const [key, { item }] of this.#items) {
      if (keys.has(key)) continue;
      if (item.contains(document.activeElement)) this.#list.focus({ preventScroll: true });
      item.remove();
      this.#items.delete(key);
    }
    let added = 0;
    entries.forEach((entry, n) => {
      const known = this.#items.get(entry.key);
      const item = known?.item ?? copyOf(this.#template);
      if (!known) added++;
      const shown = known ?? { item, entry, shown: '' };
      shown.entry = entry;
      this.#items.set(entry.key, shown);
      this.#fill(shown);
      if (this.#list.children[n] !== item)
        this.#list.insertBefore(item, this.#list.children[n] ?? null);
    });
    this.#empty.hidden = entries.length > 0;
    if (this.#following) this.follow();
    else this.#count(added);
  }

  /** Scrolls to the newest message now, and to each new message from now on. */
  follow() {
    this.#following = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#unread = 0;
    this.#newest.hidden = true;
  }

  /**
   * Returns the entry of the message whose HTML contains `element`.
   * @param {Element} element
   */
  entryOf(element) {
    const item = element.closest('.message');
    return [...this.#items.values()].find((each) => each.item === item)?.entry;
  }

  /**
   * Scrolls to a message and highlights it, if the log still has the message.
   * @param {number} n  number of the message
   */
  reveal(n) {
    const found = [...this.#items.values()].find(({ entry }) => entry.message.n === n);
    if (!found) return;
    found.item.scrollIntoView({ block: 'center' });
    found.item.classList.remove('pointed');
    void found.item.offsetWidth; // restarts the animation
    found.item.classList.add('pointed');
  }

  #resized() {
    this.#size = sizeOf(this.#list);
    if (this.#following) this.follow();
  }

  #scrolled() {
    // The list was scrolled by a change of its size, not by the reader.
    if (this.#size !== sizeOf(this.#list)) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    this.#following = scrollHeight - scrollTop - clientHeight < END;
    if (this.#following) {
      this.#unread = 0;
      this.#newest.hidden = true;
    }
  }

  /** @param {number} added */
  #count(added) {
    this.#unread += added;
    this.#newest.hidden = !this.#unread;
    if (this.#unread) setText(this.#newest, t('chat.new_count', { count: this.#unread }));
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const menus = /** @type {HTMLElement[]} */ ([
      ...this.#list.querySelectorAll('.message-menu:not([hidden])'),
    ]);
    const last = menus.length - 1;
    const at = menus.findIndex((menu) => menu === document.activeElement);
    /** @type {Record<string, number>} */
    const places = { ArrowUp: at < 0 ? last : at - 1, ArrowDown: at + 1, Home: 0, End: last };
    const next = menus[places[event.key] ?? -1];
    if (!next || (at < 0 && event.key === 'ArrowDown')) return;
    event.preventDefault();
    next.focus();
  }

  /** @param {Event} event */
  #clicked({ target }) {
    const element = /** @type {Element} */ (target);
    const entry = this.entryOf(element);
    if (!entry) return;
    if (element.closest('.message-menu')) this.#actions.open(entry);
    else if (element.closest('.again')) this.#actions.again(entry);
    else if (element.closest('.quote') && entry.quote) this.reveal(entry.quote.n);
  }

  /** @param {{item: HTMLElement, entry: Entry, shown: string}} shown */
  #fill(shown) {
    const { item, entry } = shown;
    const { message, state, mine, quote } = entry;
    const key = `${state} ${message.n} ${message.text} ${message.person?.name} ${mine} ${quote?.n}`;
    if (shown.shown === key) return;
    shown.shown = key;
    const part = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (item.querySelector(`.${name}`));
    item.dataset.state = state;
    item.dataset.n = String(message.n);
    item.classList.toggle('mine', mine);
    item.classList.toggle('line', !message.person);
    item.classList.toggle('to-me', Boolean(this.#me && message.mentions?.includes(this.#me)));
    part('message-menu').hidden = !message.person || state === 'sending';
    if (!message.person) {
      setText(part('text'), message.text);
      return;
    }
    item.dataset.colour = String(message.person.colour);
    showAvatar(part('avatar'), message.person);
    setText(part('name'), message.person.name);
    const role = `chat.role.${message.person.role}`;
    part('role').hidden = !hasText(role);
    if (hasText(role)) setText(part('role'), t(role));
    part('text').replaceChildren(...partsOf(message.text, this.#links).map(elementOf));
    showQuote(part('quote'), quote ?? null);
    showStatus(part('status'), state);
  }
}

/** @param {HTMLElement} element */
const sizeOf = ({ clientWidth, clientHeight }) => `${clientWidth} ${clientHeight}`;

/** @param {import('./text_parts.js').Part} part */
function elementOf({ kind, text, href }) {
  if (kind === 'text') return document.createTextNode(text);
  const element = document.createElement(kind === 'link' ? 'a' : 'b');
  element.textContent = text;
  element.className = kind;
  if (element instanceof HTMLAnchorElement) {
    element.href = href ?? '';
    element.target = '_blank';
    element.rel = 'noopener noreferrer nofollow ugc';
  }
  return element;
}

/**
 * @param {HTMLElement} quote
 * @param {import('./message_list.js').Message['reply_to']} to
 */
function showQuote(quote, to) {
  quote.hidden = !to;
  if (to) setText(quote, t('chat.quote', { name: to.name, text: to.text }));
}

/**
 * @param {HTMLElement} status
 * @param {Entry['state']} state
 */
function showStatus(status, state) {
  status.hidden = state === 'shown';
  if (state === 'shown') return;
  status.textContent = t(`chat.state.${state}`);
  if (state !== 'failed') return;
  const again = document.createElement('button');
  again.type = 'button';
  again.className = 'again plain';
  again.textContent = t('chat.again');
  status.append(' ', again);
}
