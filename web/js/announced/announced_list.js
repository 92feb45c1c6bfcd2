/**
 * The cards of announced lives: title, creator, start and countdown, a button *remind me*, and a
 * file for a calendar. A list without announcements is hidden.
 */
import { partOf, setText } from '../page/dom.js';
import { copyOf } from '../page/element.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';
import { FollowOffer } from '../push/follow_offer.js';
import { startOf, untilStart } from './countdown_words.js';

/** @typedef {import('../api/discovery_api.js').Announcement} Announcement */

export class AnnouncedList {
  #section;
  #list;
  #template;
  #remind;
  #failed;
  #environment;
  #offer;
  /** @type {Map<string, {card: HTMLElement, announcement: Announcement}>} */
  #cards = new Map();
  #timer = 0;

  /**
   * @param {HTMLElement} section  with a list in it
   * @param {HTMLTemplateElement} template of a card
   * @param {(id: string, on: boolean) => Promise<unknown>} remind
   * @param {(error: Error) => void} failed
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(section, template, remind, failed, environment = BROWSER) {
    this.#section = section;
    this.#list = /** @type {HTMLElement} */ (section.querySelector('ul'));
    this.#template = template;
    this.#remind = remind;
    this.#failed = failed;
    this.#environment = environment;
    this.#offer = new FollowOffer(section);
  }

  /** @param {Announcement[]} announcements  the next one first */
  show(announcements) {
    const present = new Set(announcements.map(({ id }) => id));
    for (const [id, { card }] of this.#cards) {
      if (present.has(id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    announcements.forEach((announcement, n) => this.#place(announcement, n));
    this.#section.hidden = announcements.length === 0;
    this.#tick();
  }

  close() {
    this.#offer.close();
    this.#environment.clearTimeout(this.#timer);
  }

  /**
   * @param {Announcement} announcement
   * @param {number} n
   */
  #place(announcement, n) {
    const card = this.#cards.get(announcement.id)?.card ?? this.#newCard(announcement.id);
    this.#cards.set(announcement.id, { card, announcement });
    this.#fill(card, announcement);
    const at = this.#list.children[n] ?? null;
    if (at !== card) this.#list.insertBefore(card, at);
  }

  /** @param {string} id */
  #newCard(id) {
    const card = copyOf(this.#template);
    const calendar = /** @type {HTMLAnchorElement} */ (partOf(card, 'calendar'));
    calendar.href = `/announcements/${encodeURIComponent(id)}.ics`;
    const button = /** @type {HTMLButtonElement} */ (partOf(card, 'remind'));
    button.addEventListener('click', () => void this.#toggle(id, button));
    return card;
  }

  /**
   * @param {HTMLElement} card
   * @param {Announcement} announcement
   */
  #fill(card, { title, person, starts_at, room, reminded }) {
    card.dataset.colour = String(person.colour);
    showAvatar(partOf(card, 'avatar'), person);
    setText(partOf(card, 'title'), title);
    const by = /** @type {HTMLAnchorElement} */ (partOf(card, 'by'));
    setText(by, person.name);
    if (person.handle) by.href = `/@${encodeURIComponent(person.handle)}`;
    const time = /** @type {HTMLTimeElement} */ (partOf(card, 'start'));
    time.dateTime = new Date(starts_at * 1_000).toISOString();
    setText(time, startOf(starts_at));
    const watch = /** @type {HTMLAnchorElement} */ (partOf(card, 'watch'));
    watch.hidden = !room;
    if (room) watch.href = `/r/${encodeURIComponent(room)}`;
    for (const name of ['remind', 'calendar']) partOf(card, name).hidden = Boolean(room);
    showReminded(/** @type {HTMLButtonElement} */ (partOf(card, 'remind')), reminded);
  }

  /**
   * @param {string} id
   * @param {HTMLButtonElement} button
   */
  async #toggle(id, button) {
    const on = button.getAttribute('aria-pressed') !== 'true';
    button.disabled = true;
    try {
      await this.#remind(id, on);
      showReminded(button, on);
      // A reminder comes as a push. The countdown and the calendar file need none.
      const name = this.#cards.get(id)?.announcement.person.name;
      if (on && name) void this.#offer.show(name);
    } catch (error) {
      this.#failed(/** @type {Error} */ (error));
    }
    button.disabled = false;
  }

  #tick() {
    this.#environment.clearTimeout(this.#timer);
    if (!this.#cards.size) return;
    const now = this.#environment.date() / 1_000;
    for (const { card, announcement } of this.#cards.values()) {
      const { room, starts_at } = announcement;
      setText(partOf(card, 'countdown'), room ? t('site.live') : untilStart(starts_at - now));
    }
    this.#timer = this.#environment.setTimeout(() => this.#tick(), 1_000);
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} on
 */
function showReminded(button, on) {
  button.setAttribute('aria-pressed', String(on));
  setText(button, t(on ? 'announced.reminded' : 'announced.remind'));
}
