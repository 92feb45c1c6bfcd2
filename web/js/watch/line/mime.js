/** MIME types of tracks in fragmented MP4. */

/**
 * The type to ask a SourceBuffer for; null if this browser does not decode the codec.
 * @param {'video' | 'audio'} kind
 * @param {string} codec
 * @param {typeof MediaSource | undefined} source
 */
export function mimeFor(kind, codec, source) {
  // WebKit knows Opus in MP4 only by a capital letter.
  const names = codec === 'opus' ? ['opus', 'Opus'] : [codec];
  return (
    names
      .map((name) => `${kind}/mp4; codecs="${name}"`)
      .find((mime) => source?.isTypeSupported(mime)) ?? null
  );
}

/**
 * MediaSource where both exist: with ManagedMediaSource, the only one of iPhones, the browser may
 * evict media by itself.
 * @param {any} scope the browser's globals
 * @returns {typeof MediaSource | undefined}
 */
export const sourceClass = (scope) => scope.MediaSource ?? scope.ManagedMediaSource;
