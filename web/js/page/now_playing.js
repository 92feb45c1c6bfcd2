/**
 * Shows on the lock screen, and beside the media keys, what a page with one video plays (W3C Media
 * Session). The browser itself makes the keys play and pause the video.
 * @param {string} title
 * @param {string} poster  URL of a picture; '' without one
 * @param {{navigator: {mediaSession?: Pick<MediaSession, 'metadata'>},
 *   MediaMetadata?: typeof MediaMetadata}} [scope]  the browser's globals
 */
export function showNowPlaying(title, poster, scope = globalThis) {
  const { navigator, MediaMetadata: Metadata } = scope;
  if (!navigator.mediaSession || !Metadata) return;
  const artwork = poster ? [{ src: poster, type: 'image/jpeg' }] : [];
  navigator.mediaSession.metadata = new Metadata({ title, artist: 'microlive', artwork });
}
