/** Determines the MIME types of tracks in fragmented MP4. */

/**
 * Returns the MIME type for a SourceBuffer, or null if this browser does not decode the codec.
 * @param {'video' | 'audio'} kind
 * @param {string} codec
 * @param {typeof MediaSource | undefined} source
 */
export function mimeFor(kind, codec, source) {
  // WebKit recognises Opus in MP4 only with a capital letter.
  const names = codec === 'opus' ? ['opus', 'Opus'] : [codec];
  return (
    names
      .map((name) => `${kind}/mp4; codecs="${name}"`)
      .find((mime) => source?.isTypeSupported(mime)) ?? null
  );
}

/**
 * Returns the browser's MediaSource class, or ManagedMediaSource if there is no MediaSource
 * (iPhones). MediaSource is preferred, because with ManagedMediaSource the browser may evict media
 * by itself.
 * @param {any} scope the browser's globals
 * @returns {typeof MediaSource | undefined}
 */
export const sourceClass = (scope) => scope.MediaSource ?? scope.ManagedMediaSource;
