/**
 * What the lock screen and the media keys show about a live: its title and its latest poster (W3C
 * Media Session).
 */

const SIZES = '720x1280'; // the browser only chooses by this; the poster has the shape of the live

export class LockScreen {
  /**
   * @param {string} room
   * @param {Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>} page
   * @param {{
   *   session?: Pick<MediaSession, 'metadata'>,
   *   Metadata?: typeof MediaMetadata,
   *   now?: () => number,
   * }} [environment]  without `session` and `Metadata` in a browser without Media Session
   */
  constructor(room, page, environment = {}) {
    this.room = room;
    this.page = page;
    this.session = environment.session ?? globalThis.navigator?.mediaSession;
    this.Metadata = environment.Metadata ?? globalThis.MediaMetadata;
    this.now = environment.now ?? Date.now;
    this.title = '';
    // The poster is loaded again when the reader leaves the page: then the lock screen may show it.
    this.refresh = () => void (page.hidden && this.title && this.draw());
    page.addEventListener('visibilitychange', this.refresh);
  }

  /** @param {string} title */
  show(title) {
    if (title === this.title) return; // an ended live has no poster any more
    this.title = title;
    this.draw();
  }

  draw() {
    if (!this.session || !this.Metadata) return;
    const version = Math.floor(this.now() / 10_000);
    const src = `/r/${encodeURIComponent(this.room)}/poster.jpg?v=${version}`;
    this.session.metadata = new this.Metadata({
      ...{ title: this.title, artist: 'microlive' },
      artwork: [{ src, type: 'image/jpeg', sizes: SIZES }],
    });
  }

  close() {
    this.page.removeEventListener('visibilitychange', this.refresh);
    if (this.session) this.session.metadata = null;
  }
}
