/**
 * The sheet that makes a clip of what the viewer has just seen: shows the draft, lets the viewer
 * choose the ends, the title and a caption, and then shares the finished clip. `close` releases everything.
 *
 * @typedef {import('../api/clips_api.js').Clip} Clip
 * @typedef {import('./handles.js').Side} Side
 * @typedef {import('./sheet_state.js').SheetEvent} SheetEvent
 *
 * @typedef {object} ClipSheetOptions
 * @property {Pick<import('../api/clips_api.js').ClipsApi, 'make' | 'read' | 'save' | 'delete'>} api
 * @property {string} base  URL of a page of this server; the link to the clip has its origin
 * @property {() => number} mediaTime  media time of the picture on the screen, µs; NaN while
 *   unknown
 * @property {(text: string) => void} notice
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 */
import { clipQrUrl } from '../api/clips_api.js';
import { partOf, setText } from '../page/dom.js';
import { copy, share } from '../page/share.js';
import { t } from '../page/strings.js';
import { Filmstrip } from './filmstrip.js';
import { Handles, loopOf } from './handles.js';
import { nextSheetState } from './sheet_state.js';

const ASK_EVERY = 700; // ms between two reads of the draft
const ASKED = 12; // maximum number of these reads
const BEFORE_END = 2; // s of the preview before the end that the viewer has moved
const CLOSE_ENOUGH = 0.05; // s

export class ClipSheet {
  #options;
  #dialog;
  #video;
  #still;
  #film;
  /** @type {import('./sheet_state.js').SheetState} */
  #state = 'closed';
  /** Number of the present clip; answers for an earlier clip are ignored. */
  #turn = 0;
  /** @type {Clip | null} */
  #clip = null;
  /** @type {Handles | null} */
  #handles = null;
  #loop = [0, Infinity];
  #timer = 0;
  #frame = 0;
  #listening = new AbortController();

  /**
   * @param {HTMLDialogElement} dialog  the dialog of clip_sheet.html
   * @param {ClipSheetOptions} options
   */
  constructor(dialog, options) {
    this.#dialog = dialog;
    this.#options = options;
    this.#video = /** @type {HTMLVideoElement} */ (partOf(dialog, 'clip-video'));
    this.#still = /** @type {HTMLCanvasElement} */ (partOf(dialog, 'clip-still'));
    this.#film = new Filmstrip(dialog, {
      moved: (side) => this.#preview(side),
      placed: (side) => this.#replay(side),
    });
    const on = (/** @type {string} */ part, /** @type {() => void} */ act, type = 'click') =>
      partOf(dialog, part).addEventListener(
        type,
        (event) => {
          event.preventDefault();
          act();
        },
        { signal: this.#listening.signal },
      );
    on('clip-form', () => void this.#save(), 'submit');
    on('clip-close', () => dialog.close());
    on('clip-again', () => this.open());
    on('clip-share', () => void share(this.#link, this.#title, this.#say));
    on('clip-copy', () => void copy(this.#link, t('site.link_copied'), this.#say));
    on('clip-qr-open', () => this.#toggleQr());
    dialog.addEventListener('close', () => this.#closed(), { signal: this.#listening.signal });
  }

  close() {
    this.#dialog.close();
    this.#closed();
    this.#film.close();
    this.#listening.abort();
  }

  /** Makes a clip of what the viewer sees now. Does nothing while the sheet shows another clip. */
  open() {
    const end = this.#options.mediaTime();
    const { open } = this.#dialog; // it hides notices
    if (!(end > 0)) return (open ? this.#say : this.#options.notice)(t('clip.no_media'));
    if (!this.#enter('tap')) return;
    this.#clip = this.#handles = null;
    this.#say(t('clip.making'));
    if (open) partOf(this.#dialog, 'clip-close').focus();
    else this.#dialog.showModal();
    void this.#make(Math.round(end), ++this.#turn);
  }

  get #link() {
    return new URL(`/c/${this.#clip?.id}`, this.#options.base).href;
  }

  get #title() {
    return this.#clip?.title || t('clip.untitled');
  }

  /** @param {string} part */
  #field(part) {
    return /** @type {HTMLInputElement | HTMLTextAreaElement} */ (partOf(this.#dialog, part));
  }

  #say = (/** @type {string} */ text) => setText(partOf(this.#dialog, 'clip-note'), text);

  /**
   * @param {SheetEvent} event
   * @returns {boolean} whether the event has an effect
   */
  #enter(event) {
    const next = nextSheetState(this.#state, event);
    if (!next) return false;
    this.#state = next;
    this.#dialog.dataset.step = next;
    const trimming = next === 'editing' || next === 'saving';
    partOf(this.#dialog, 'clip-trim').hidden = !trimming;
    /** @type {HTMLButtonElement} */ (partOf(this.#dialog, 'clip-done')).disabled =
      next === 'saving';
    partOf(this.#dialog, 'clip-saved').hidden = next !== 'saved';
    partOf(this.#dialog, 'clip-again').hidden = next !== 'failed';
    partOf(this.#dialog, 'clip-qr').hidden = true;
    return true;
  }

  /**
   * @param {number} end  µs
   * @param {number} turn
   */
  async #make(end, turn) {
    try {
      const clip = await this.#options.api.make(end);
      if (turn !== this.#turn) return this.#discard(clip);
      if (this.#enter('made')) this.#edit(clip);
    } catch (error) {
      if (turn === this.#turn && this.#enter('refused'))
        this.#say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Clip} clip */
  #edit(clip) {
    this.#clip = clip;
    this.#handles = new Handles(clip, clip.start, clip.end);
    this.#say('');
    this.#field('clip-title').value = clip.title;
    this.#field('clip-caption').value = '';
    this.#film.show(this.#handles);
    this.#film.tiles = clip.filmstrip;
    this.#play(clip);
    this.#askLater(ASKED);
  }

  /** @param {Clip} clip */
  #play({ video, poster }) {
    this.#loop = [0, Infinity];
    this.#still.hidden = true;
    if (poster) this.#video.poster = poster;
    this.#video.src = video;
    this.#video.play().catch(() => {}); // the browser may save power: the picture then stays
    this.#frame ||= requestAnimationFrame(() => this.#watch());
  }

  /** Keeps the preview between the handles. */
  #watch() {
    const [first = 0, last = Infinity] = this.#loop;
    const { currentTime, seeking } = this.#video;
    if (!seeking && (currentTime < first - CLOSE_ENOUGH || currentTime >= last))
      this.#video.currentTime = first;
    this.#frame = requestAnimationFrame(() => this.#watch());
  }

  /** Shows the picture at a handle that moves. @param {Side} side */
  #preview(side) {
    const [clip, handles] = [this.#clip, this.#handles];
    if (!clip || !handles) return;
    const time = handles[side];
    const inside = time >= clip.start && time <= clip.end;
    this.#video.pause();
    this.#loop = [0, Infinity];
    if (inside && !this.#video.seeking) this.#video.currentTime = (time - clip.start) / 1e6;
    this.#still.hidden = inside || !this.#film.drawTile(this.#still, time);
  }

  /** Plays the chosen part near the handle that has moved. @param {Side} side */
  #replay(side) {
    const [clip, handles] = [this.#clip, this.#handles];
    if (!clip || !handles) return;
    this.#still.hidden = true;
    const [first, last] = loopOf(clip, handles);
    // The browser repeats a whole file better than `#watch` does.
    const whole = first < CLOSE_ENOUGH && last > this.#video.duration - CLOSE_ENOUGH;
    this.#loop = whole ? [0, Infinity] : [first, last];
    this.#video.currentTime = side === 'start' ? first : Math.max(first, last - BEFORE_END);
    this.#video.play().catch(() => {});
  }

  /**
   * Reads the draft a little later: how far the handles may then go, and the filmstrip.
   * @param {number} left  number of requests that are left
   */
  #askLater(left) {
    this.#timer = this.#options.environment.setTimeout(() => void this.#ask(left - 1), ASK_EVERY);
  }

  /** @param {number} left */
  async #ask(left) {
    const turn = this.#turn;
    const { id = '' } = this.#clip ?? {};
    const grown = await this.#options.api.read(id).catch(() => null);
    if (turn !== this.#turn || this.#state !== 'editing') return;
    if (grown?.state === 'draft') {
      this.#handles?.extend(grown);
      this.#film.update();
      this.#film.tiles = grown.filmstrip;
    }
    if (left > 0) this.#askLater(left);
  }

  async #save() {
    const [clip, handles, turn] = [this.#clip, this.#handles, this.#turn];
    if (!clip || !handles || !this.#enter('done')) return;
    this.#options.environment.clearTimeout(this.#timer);
    this.#say(t('clip.saving'));
    const title = this.#field('clip-title').value.trim();
    const caption = this.#field('clip-caption').value.trim();
    const choice = { start: handles.start, end: handles.end, title, caption };
    try {
      this.#saved(await this.#options.api.save(clip.id, choice), turn);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      if (turn !== this.#turn) return this.#options.notice(message);
      if (!this.#enter('refused')) return;
      this.#say(message);
      partOf(this.#dialog, 'clip-done').focus();
    }
  }

  /**
   * @param {Clip} clip
   * @param {number} turn
   */
  #saved(clip, turn) {
    const words = t(clip.state === 'waiting' ? 'clip.waiting' : 'clip.saved');
    if (turn !== this.#turn) return this.#options.notice(words);
    if (!this.#enter('saved')) return;
    this.#clip = clip;
    this.#say(words);
    this.#play(clip);
    const download = /** @type {HTMLAnchorElement} */ (partOf(this.#dialog, 'clip-download'));
    download.href = `${clip.video}?download`;
    /** @type {HTMLAnchorElement} */ (partOf(this.#dialog, 'clip-open')).href = `/c/${clip.id}`;
    partOf(this.#dialog, 'clip-share').focus();
  }

  #toggleQr() {
    const code = /** @type {HTMLImageElement} */ (partOf(this.#dialog, 'clip-qr'));
    code.hidden = !code.hidden;
    if (!code.hidden && this.#clip) code.src = clipQrUrl(this.#clip.id);
  }

  #closed() {
    const abandoned = this.#state === 'editing' ? this.#clip : null;
    if (!this.#enter('close')) return;
    this.#turn++;
    this.#options.environment.clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#video.pause();
    this.#video.removeAttribute('src');
    this.#video.removeAttribute('poster');
    this.#video.load();
    if (abandoned) this.#discard(abandoned);
    this.#clip = this.#handles = null;
  }

  /** Deletes a draft that the viewer does not want. @param {Clip} draft */
  #discard({ id }) {
    this.#options.api.delete(id).catch(() => {}); // the server deletes old drafts by itself
  }
}
