/**
 * Plays the playlist of a replay in a video element: with hls.js and Media Source Extensions, or
 * with the browser's own player (Safari; iPhones have no MediaSource for hls.js).
 *
 * @typedef {object} ReplayEngine
 * @property {() => void} close
 *
 * @typedef {object} Source
 * @property {string} playlist  URL of the replay with AAC, which every player plays
 * @property {string} opus  URL of the replay with Opus, of which no segment waits for an encoder
 * @property {boolean} [idle]  whether no media is loaded before the viewer presses play
 */
import { keepPlaying } from './keep_playing.js';

const APPLE = navigator.vendor.startsWith('Apple');
const MEDIA_MENDED = 3_000; // minimum time between two recoveries of the decoder, ms
const AHEAD = 20; // s of media that are loaded in advance
const BACK = 30; // s of media that are kept behind the visible frame

/**
 * @param {HTMLVideoElement} video
 * @param {Source} source
 * @param {() => void} failed  called if the replay cannot be played
 * @param {() => number} now  ms
 * @returns {Promise<ReplayEngine>}
 */
export async function makeReplayEngine(video, source, failed, now) {
  const native = video.canPlayType('application/vnd.apple.mpegurl') !== '' && APPLE;
  return native ? playNative(video, source, failed) : playHlsJs(video, source, failed, now);
}

/**
 * @param {HTMLVideoElement} video
 * @param {Source} source
 * @param {() => void} failed
 * @returns {ReplayEngine}
 */
function playNative(video, { playlist, idle }, failed) {
  if (idle) video.preload = 'none';
  const listening = new AbortController();
  video.addEventListener('error', failed, { signal: listening.signal });
  keepPlaying(video, () => (video.src = playlist));
  return {
    close() {
      listening.abort();
      video.removeAttribute('src');
      video.load();
    },
  };
}

/**
 * @param {HTMLVideoElement} video
 * @param {Source} source
 * @param {() => void} failed
 * @param {() => number} now
 * @returns {Promise<ReplayEngine>}
 */
async function playHlsJs(video, { playlist, opus, idle = false }, failed, now) {
  const { default: Hls } = await import('../../vendor/hls.light.min.js');
  const waits = idle && video.paused; // the viewer may have pressed play before
  if (!Hls.isSupported())
    throw new Error('this browser has neither HLS nor Media Source Extensions');
  const hls = new Hls({
    enableWorker: false, // fragmented MP4 needs no remuxing; a worker would add a hop
    lowLatencyMode: false,
    maxBufferLength: AHEAD,
    backBufferLength: BACK,
    startFragPrefetch: true,
    startPosition: 0,
    autoStartLoad: !waits,
  });
  let mendedAt = -Infinity;
  hls.on(
    Hls.Events.ERROR,
    (_, /** @type {import('../../vendor/hls.light.min.js').ErrorData} */ { type, fatal }) => {
      if (!fatal) return;
      if (type !== 'mediaError' || now() - mendedAt < MEDIA_MENDED) return failed();
      mendedAt = now();
      keepPlaying(video, () => hls.recoverMediaError());
    },
  );
  hls.loadSource(playsOpus() ? opus : playlist);
  keepPlaying(video, () => hls.attachMedia(video));
  const listening = new AbortController();
  const once = { once: true, signal: listening.signal };
  if (waits) video.addEventListener('play', () => hls.startLoad(0), once);
  return {
    close() {
      listening.abort();
      hls.destroy();
    },
  };
}

/** Whether this browser plays Opus in MP4 with Media Source Extensions. */
function playsOpus() {
  return !APPLE && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01F, opus"');
}
