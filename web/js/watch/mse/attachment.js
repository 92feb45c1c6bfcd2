import { firstSource } from '../../boot/first_socket.js';

const Source = self.MediaSource ?? /** @type {typeof MediaSource | undefined} */ (/** @type {any} */ (self).ManagedMediaSource);

/**
 * The MIME type for a SourceBuffer; null if this browser does not decode it.
 * @param {'video' | 'audio'} kind
 * @param {string} codec
 */
export function mimeFor(kind, codec) {
  // WebKit accepts Opus in MP4 with a capital letter only.
  const names = codec === 'opus' ? ['opus', 'Opus'] : [codec];
  return names.map((name) => `${kind}/mp4; codecs="${name}"`).find((mime) => Source?.isTypeSupported(mime)) ?? null;
}

/**
 * Attaches a MediaSource to a video element and detaches it again.
 *
 * iPhones have ManagedMediaSource only. It opens only with remote playback disabled, and is attached
 * as srcObject. MediaSource is preferred where both exist: the browser then evicts no media by itself.
 */
export class Attachment {
  source;
  #video;
  #url = '';

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} opened
   */
  constructor(video, opened) {
    this.#video = video;
    if (!Source) throw new Error('this browser has no MediaSource');
    const prepared = firstSource && video.src === firstSource.url ? firstSource : null;
    this.source = prepared?.source ?? new Source();
    const open = () => {
      // Without a duration WebKit takes the buffered end for it, and playback "ends" at the live edge.
      this.source.duration = Infinity;
      // Seeks are limited to the seekable range, which would otherwise end with the parsed media.
      this.source.setLiveSeekableRange?.(0, 1e9);
      // A managed source asks for media at first, and then whenever it has less than ten seconds.
      if (/** @type {any} */ (this.source).streaming === false) this.source.addEventListener('startstreaming', opened, { once: true });
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
