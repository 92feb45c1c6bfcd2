/** Announces a live, and lists the person's announced lives. Only for the holder of a handle. */
import * as api from '../api/discovery_api.js';
import { startOf } from '../announced/countdown_words.js';
import { setText, toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { firstStart, localInput } from './local_time.js';
import { Section } from './section.js';

export class AnnounceSection extends Section {
  #identity;
  #title = /** @type {HTMLInputElement} */ (this.part('title'));
  #start = /** @type {HTMLInputElement} */ (this.part('start'));
  #shown = '';

  /** @param {import('../people/identity.js').Identity} identity */
  constructor(identity) {
    super('announce');
    this.#identity = identity;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';
    setText(this.part('zone'), t('me.announce.start', { zone }));
    this.on('form', () => this.#announce());
  }

  /** Loads the list once the person has a handle. */
  show() {
    const handle = this.#identity.me?.person.handle ?? '';
    if (!handle || handle === this.#shown) return;
    this.#shown = handle;
    this.#suggest();
    if (location.hash === '#announce') this.root.scrollIntoView();
    void this.attempt(() => this.#list());
  }

  #suggest() {
    this.#start.min = localInput(new Date());
    this.#start.value = localInput(firstStart(new Date()));
  }

  async #announce() {
    // The field has no zone: it is the time on this browser's clock.
    const startsAt = new Date(this.#start.value).getTime() / 1_000;
    await api.announce(this.#title.value.trim(), startsAt);
    this.#title.value = '';
    this.#suggest();
    await this.#list();
    toast(t('me.announce.done'));
  }

  async #list() {
    const found = await api.announcementsOf(this.#shown);
    this.showRows(
      found.map(({ id, title, starts_at, reminders }) => ({
        title,
        lines: [startOf(starts_at), t('me.announce.reminders', { count: reminders })],
        buttons: [
          { label: t('me.announce.withdraw'), press: () => this.attempt(() => this.#remove(id)) },
        ],
      })),
    );
  }

  /** @param {string} id */
  async #remove(id) {
    await api.withdraw(id);
    await this.#list();
  }
}
