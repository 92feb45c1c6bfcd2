/**
 * The creator's name in the bar, and the button that follows the creator. The room has the creator's
 * colour.
 */
import { partOf } from '../page/dom.js';
import { t } from '../page/strings.js';

/** @typedef {import('../people/people_api.js').Person} Person */

export class CreatorLine {
  #line;
  #identity;
  #changed;
  #notice;
  /** @type {Person | null} */
  #creator = null;
  #button = document.createElement('button');
  #stage;
  /** @type {import('../push/follow_offer.js').FollowOffer | null} */
  #offer = null;
  #forget;

  /**
   * @param {HTMLElement} stage
   * @param {import('../people/identity.js').Identity} identity
   * @param {{changed: (follows: boolean) => void, notice: (text: string) => void}} listener
   */
  constructor(stage, identity, { changed, notice }) {
    this.#stage = stage;
    this.#line = partOf(stage, 'creator');
    this.#identity = identity;
    this.#changed = changed;
    this.#notice = notice;
    this.#button.type = 'button';
    this.#button.className = 'follow';
    this.#button.dataset.part = 'follow';
    this.#button.addEventListener('click', () => void this.#toggle());
    this.#forget = identity.onChange(() => this.#render());
  }

  close() {
    this.#offer?.close();
    this.#forget();
  }

  /** @param {Person | null} creator  the room's creator; null if the room has no owner */
  show(creator) {
    this.#creator = creator;
    if (creator) this.#stage.dataset.creatorColour = String(creator.colour);
    else delete this.#stage.dataset.creatorColour;
    this.#render();
  }

  get #follows() {
    return this.#creator !== null && this.#identity.follows(this.#creator.id);
  }

  #render() {
    const creator = this.#creator;
    this.#line.hidden = !creator;
    if (!creator) return;
    const name = document.createElement(creator.handle ? 'a' : 'span');
    name.className = 'creator-name';
    name.textContent = creator.name;
    if (creator.handle && name instanceof HTMLAnchorElement)
      name.href = `/@${encodeURIComponent(creator.handle)}`;
    const own = this.#identity.me?.person.id === creator.id;
    this.#button.textContent = this.#follows ? t('social.following') : t('social.follow');
    this.#button.setAttribute('aria-pressed', String(this.#follows));
    this.#line.replaceChildren(name, ...(own ? [] : [this.#button]));
    this.#changed(this.#follows);
  }

  async #toggle() {
    const creator = this.#creator;
    if (!creator) return;
    try {
      await this.#identity.load();
      await this.#identity.follow(creator.id, !this.#follows);
      if (this.#follows) await this.#offerPushes(creator.name);
      else this.#offer?.close();
    } catch (error) {
      this.#notice(/** @type {Error} */ (error).message);
    }
  }

  /** @param {string} name  of the creator */
  async #offerPushes(name) {
    const { FollowOffer } = await import('../push/follow_offer.js');
    this.#offer ??= new FollowOffer(this.#stage);
    await this.#offer.show(name);
  }
}
