/** MIME types of tracks in fragmented MP4. */

/**
 * The type for a SourceBuffer; null if this browser does not decode the codec.
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
 * MediaSource if both exist: with ManagedMediaSource, which is the only one on iPhones, the browser
 * may evict media by itself.
 * @param {any} scope the browser's globals
 * @returns {typeof MediaSource | undefined}
 */
export const sourceClass = (scope) => scope.MediaSource ?? scope.ManagedMediaSource;
