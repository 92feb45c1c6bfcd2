import { sourceClass } from '../line/mime.js';

/**
 * Attaches a MediaSource to a video element and detaches it again.
 *
 * iPhones have ManagedMediaSource only. A ManagedMediaSource opens only if remote playback is
 * disabled, and is attached as srcObject. If a browser has both classes, MediaSource is
 * preferred, because the browser then evicts no media by itself.
 */
export class Attachment {
  source;
  #video;
  #url = '';

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} opened
   * @param {import('../../boot/preload.js').FirstSource | null} [first] a source of this video that
   *   is opening already
   */
  constructor(video, opened, first = null) {
    this.#video = video;
    const Source = sourceClass(self);
    if (!Source) throw new Error('this browser has no MediaSource');
    const prepared = video.src === first?.url ? first : null;
    this.source = prepared?.source ?? new Source();
    const open = () => {
      // Without a duration WebKit uses the end of the buffer as the duration, and playback "ends"
      // at the live edge.
      this.source.duration = Infinity;
      // Seeks are limited to the seekable range, which would otherwise end with the parsed media.
      this.source.setLiveSeekableRange?.(0, 1e9);
      // A ManagedMediaSource requests media with `startstreaming`: after it has opened, and later
      // whenever less than ten seconds of media are left.
      if (/** @type {any} */ (this.source).streaming === false)
        this.source.addEventListener('startstreaming', opened, { once: true });
      else opened();
    };
    if (this.source.readyState === 'open') queueMicrotask(open);
    else this.source.addEventListener('sourceopen', open, { once: true });
    if (prepared) {
      this.#url = prepared.url;
    } else if (self.MediaSource) {
      this.#url = URL.createObjectURL(this.source);
      video.src = this.#url;
    } else {
      video.disableRemotePlayback = true;
      video.srcObject = this.source;
    }
  }

  close() {
    if (this.#url) {
      URL.revokeObjectURL(this.#url);
      this.#video.removeAttribute('src');
    } else {
      this.#video.srcObject = null;
    }
    this.#video.load();
  }
}
