/**
 * What the creator does on the page of a replay: makes clips, changes and deletes them, and downloads
 * the files of the live. `close` releases everything.
 *
 * @typedef {object} OwnReplayOptions
 * @property {string} room
 * @property {string} link  URL of the page
 * @property {HTMLVideoElement} video
 * @property {(seconds: number) => number} mediaTime  media time of a position of the video, µs
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 */
import { ClipsApi } from '../api/clips_api.js';
import { LiveApi } from '../api/live_api.js';
import { ClipSheet } from '../clipping/clip_sheet.js';
import { ClipList } from '../own/clip_list.js';
import { offerFiles } from '../own/file_list.js';
import { byId, setText, toast } from '../page/dom.js';

const dialogOf = (/** @type {string} */ id) => /** @type {HTMLDialogElement} */ (byId(id));

export class OwnReplay {
  #video;
  #sheet;
  #clips;
  #room;
  #listening = new AbortController();

  /** @param {OwnReplayOptions} options */
  constructor({ room, link, video, mediaTime, environment }) {
    this.#video = video;
    this.#room = room;
    const api = new ClipsApi(room);
    this.#sheet = new ClipSheet(dialogOf('clip-sheet'), {
      ...{ api, base: link, notice: toast, environment },
      mediaTime: () => mediaTime(video.currentTime),
    });
    const failed = (/** @type {unknown} */ error) =>
      setText(byId('own-clips-error'), /** @type {Error | null} */ (error)?.message ?? '');
    const [list, empty] = [byId('own-clip-list'), byId('own-clips-empty')];
    this.#clips = new ClipList(list, empty, api, failed, environment);
    const { signal } = this.#listening;
    byId('make-clip').addEventListener('click', () => this.clip(), { signal });
    byId('open-own').addEventListener('click', () => this.#open(), { signal });
  }

  close() {
    this.#listening.abort();
    this.#sheet.close();
    this.#clips.close();
    dialogOf('own').close();
  }

  /** Makes a clip of what the creator has just seen. */
  clip() {
    this.#video.pause();
    this.#sheet.open();
  }

  #open() {
    offerFiles(new LiveApi(this.#room));
    void this.#clips.load();
    dialogOf('own').showModal();
  }
}
