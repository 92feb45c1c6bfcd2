/**
 * Lists the playback paths and tests which of them this browser supports. Pure.
 *
 * @typedef {'websocket' | 'http' | 'udp'} Transport
 * @typedef {object} PlaybackPath
 * @property {string} name
 * @property {Transport} transport  a network that blocks the transport blocks every path that uses
 *   it
 * @property {(scope: any) => boolean} supported
 *
 * @typedef {object} Choice
 * @property {string} name
 * @property {string} why       reason for the choice, as text
 * @property {boolean} forced   `?player=` requests this path; no other path is tried
 * @property {string} unknown   the name in `?player=` if no path has that name; otherwise ''
 * @property {boolean} supported
 */

/**
 * All playback paths, the best first. A new path needs an entry here and an entry in player.js.
 * @type {readonly PlaybackPath[]}
 */
export const PLAYBACK_PATHS = [
  {
    name: 'webcodecs',
    transport: 'websocket',
    supported: (scope) =>
      scope.isSecureContext === true &&
      ['VideoDecoder', 'AudioDecoder', 'AudioWorkletNode'].every((name) => name in scope),
  },
  { name: 'mse', transport: 'websocket', supported: hasMediaSource },
  // H.264 over WebRTC is not tested here, because the test takes longer than the first frame may
  // take. The server refuses an offer without H.264.
  { name: 'whep', transport: 'udp', supported: (scope) => 'RTCPeerConnection' in scope },
  {
    name: 'hls',
    transport: 'http',
    supported: (scope) => hasMediaSource(scope) || playsHls(scope),
  },
];

/** Usual reasons for the choice of a path. */
export const ASKED = 'asked for';
export const BEST = 'the best in this browser';
const H264 = 'video/mp4; codecs="avc1.42E01F"'; // the lowest profile that publishers send

/**
 * @param {any} scope         the browser's globals
 * @param {string | null} wanted  a path's name, as in `?player=`
 * @returns {Choice}
 */
export function choosePath(scope, wanted) {
  const asked = PLAYBACK_PATHS.find(({ name }) => name === wanted);
  const best = PLAYBACK_PATHS.find(({ supported }) => supported(scope));
  const { name, supported } = asked ?? best ?? /** @type {PlaybackPath} */ (PLAYBACK_PATHS.at(-1));
  return {
    name,
    why: asked ? ASKED : BEST,
    forced: asked !== undefined,
    unknown: asked ? '' : (wanted ?? ''),
    supported: supported(scope),
  };
}

/** @param {any} scope */
function hasMediaSource(scope) {
  const source = scope.MediaSource ?? scope.ManagedMediaSource;
  return Boolean(source) && source.isTypeSupported?.(H264) !== false;
}

/** @param {any} scope */
function playsHls(scope) {
  return Boolean(
    scope.document?.createElement('video').canPlayType('application/vnd.apple.mpegurl'),
  );
}
