/** What the public page of the person says: a bio and one link. Only for the holder of a handle. */
import { toast } from '../page/dom.js';
import { t } from '../page/strings.js';
import { profile } from '../people/people_api.js';
import { Section } from './section.js';

export class PageSection extends Section {
  #identity;
  #bio = /** @type {HTMLTextAreaElement} */ (this.part('bio'));
  #link = /** @type {HTMLInputElement} */ (this.part('link'));
  /** The handle whose texts the fields show. */
  #shown = '';

  /** @param {import('../people/identity.js').Identity} identity */
  constructor(identity) {
    super('page');
    this.#identity = identity;
    // The server accepts a link without a scheme, which a browser would refuse.
    /** @type {HTMLFormElement} */ (this.part('form')).noValidate = true;
    this.on('form', () => this.#save());
  }

  /** Loads the texts once the person has a handle. */
  show() {
    const handle = this.#identity.me?.person.handle ?? '';
    if (!handle || handle === this.#shown) return;
    this.#shown = handle;
    void this.attempt(() => this.#load(handle));
  }

  /** @param {string} handle */
  async #load(handle) {
    const { bio, link } = await profile(handle);
    this.#bio.value = bio;
    this.#link.value = link;
  }

  async #save() {
    await this.#identity.change({ bio: this.#bio.value, link: this.#link.value });
    await this.#load(this.#shown);
    toast(t('me.saved'));
  }
}
