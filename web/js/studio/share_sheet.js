/**
 * The sheet with the link to the live: shows a QR code, and copies or shares the link. For a
 * private live, this sheet also has the watch links. A watch link opens the live to everyone who
 * has the link.
 */
import { byId, setText, toast } from '../page/dom.js';
import { copy, share } from '../page/share.js';
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';
import { qrUrl } from '../api/rooms_api.js';
import { rowOf } from '../people/rows.js';

/** @typedef {import('../api/live_api.js').WatchLink} WatchLink */

export class ShareSheet {
  #room;
  #api;
  #dialog = /** @type {HTMLDialogElement} */ (byId('share-dialog'));
  #isPrivate = false;
  #listening = new AbortController();

  /**
   * @param {{room: string, title: string, watch: string}} room
   * @param {Pick<import('../api/live_api.js').LiveApi, 'links' | 'makeLink' | 'revokeLink'>} api
   */
  constructor(room, api) {
    this.#room = room;
    this.#api = api;
    const { host, pathname } = new URL(room.watch);
    /** @type {HTMLAnchorElement} */ (byId('share-link')).href = room.watch;
    setText(byId('share-host'), host);
    setText(byId('share-path'), pathname);
    this.#on('show-share', () => this.#open());
    this.#on('invite', () => this.#open());
    this.#on('copy', () => void copy(room.watch));
    this.#on('share', () => void share(room.watch, room.title || 'microlive'));
    this.#on('make-link', () => void this.#make());
  }

  /** @param {string | undefined} visibility */
  set visibility(visibility) {
    this.#isPrivate = visibility === 'private';
    byId('watch-links').hidden = !this.#isPrivate;
    setText(byId('share-why'), t(`studio.share.why.${visibility ?? 'public'}`));
  }

  close() {
    this.#listening.abort();
    this.#dialog.close();
  }

  #open() {
    this.#showQr('');
    setText(byId('share-error'), '');
    this.#dialog.showModal();
    if (this.#isPrivate) void this.#load();
  }

  /** @param {string} query  query of the watch link; '' to show the link of the room */
  #showQr(query) {
    const image = /** @type {HTMLImageElement} */ (byId('qr'));
    image.src = qrUrl(this.#room.room, query);
  }

  async #load() {
    try {
      const links = (await this.#api.links()).filter(({ revoked_at }) => revoked_at === null);
      byId('link-list').replaceChildren(...links.map((link) => this.#rowOf(link)));
      // Without a watch link, the QR code of a private live works only for followers.
      if (links[0]) this.#showQr(new URL(links[0].url).search);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param {WatchLink} link */
  #rowOf({ id, url, expires_at }) {
    return rowOf({
      title: t('studio.share.until', { date: dateOf(expires_at * 1_000) }),
      failed: (error) => this.#failed(error),
      buttons: [
        { label: t('studio.share.copy'), press: () => copy(url) },
        { label: t('studio.share.qr'), press: () => this.#showQr(new URL(url).search) },
        { label: t('studio.share.revoke'), press: () => this.#revoke(id) },
      ],
    });
  }

  /** @param {string} id */
  async #revoke(id) {
    await this.#api.revokeLink(id);
    toast(t('studio.share.revoked'));
    await this.#load();
  }

  async #make() {
    const seconds = Number(/** @type {HTMLSelectElement} */ (byId('link-length')).value);
    try {
      const { url } = await this.#api.makeLink(seconds);
      await this.#load();
      await copy(url);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    setText(byId('share-error'), /** @type {Error} */ (error).message);
  }

  /**
   * @param {string} id
   * @param {() => void} press
   */
  #on(id, press) {
    byId(id).addEventListener('click', press, { signal: this.#listening.signal });
  }
}
