import { firstSource } from '../../boot/first_socket.js';

const Source = self.MediaSource ?? /** @type {typeof MediaSource | undefined} */ (/** @type {any} */ (self).ManagedMediaSource);

/**
 * The type to ask a SourceBuffer for; null when this browser does not decode it.
 * @param {'video' | 'audio'} kind
 * @param {string} codec
 */
export function mimeFor(kind, codec) {
  // WebKit knows Opus in MP4 by its capital letter only.
  const names = codec === 'opus' ? ['opus', 'Opus'] : [codec];
  return names.map((name) => `${kind}/mp4; codecs="${name}"`).find((mime) => Source?.isTypeSupported(mime)) ?? null;
}

/**
 * A MediaSource tied to a video element, and untied again.
 *
 * iPhones have ManagedMediaSource only. It opens only when remote playback is off, and is attached as srcObject.
 * MediaSource is preferred where both exist: the browser then evicts nothing behind our back.
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
      // Without a duration of its own WebKit takes the buffered end for it, and a live picture "ends" at its edge.
      this.source.duration = Infinity;
      // A seek is cut down to the seekable range, and that of the first one would otherwise end with what is parsed by then.
      this.source.setLiveSeekableRange?.(0, 1e9);
      // A managed one says when it wants media: at first, and then whenever there is less than ten seconds of it, which is always so.
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
