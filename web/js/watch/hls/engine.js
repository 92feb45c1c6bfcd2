/**
 * What turns an address of LL-HLS into media for a video element: hls.js where there are Media Source Extensions, the browser itself where it can (Safari).
 *
 * @typedef {object} Engine
 * @property {() => number} latency  s behind the live edge; NaN while unknown
 * @property {() => number} target   s behind it that is aimed at
 * @property {(target: number) => void} aim  to aim at another; a browser that plays by itself does as it likes
 * @property {() => number} sync     s of media time where that is; NaN while unknown
 * @property {() => number} date     ms since 1970 when the lens saw what is shown; NaN while unknown
 * @property {() => number} bytes    of media that came; NaN where the browser does not tell
 * @property {boolean} walks         whether a distance may be walked off by playing a little faster
 * @property {(resting: boolean) => void} rest  to load nothing, as long as nobody looks
 * @property {() => void} close
 *
 * @typedef {(reason: string, again: boolean) => void} Failed  `again`: it may work another time
 */
import { trimTo } from './back_buffer.js';
import { HOLD_BACK } from './live_sync.js';

const APPLE = navigator.vendor.startsWith('Apple');
const MEDIA_MENDED = 3_000; // ms between two repairs of the decoder

/**
 * Safari plays LL-HLS itself, with less work for the phone; where there is no MediaSource, as on an iPhone, nothing else does.
 * Chromium's own HLS knows no parts.
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Failed} failed
 * @returns {Promise<Engine>}
 */
export async function makeEngine(video, url, failed) {
  const native = video.canPlayType('application/vnd.apple.mpegurl') !== '' && APPLE;
  return native ? playNative(video, url, failed) : playHlsJs(video, url, failed);
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Failed} failed
 * @returns {Engine}
 */
function playNative(video, url, failed) {
  const listening = new AbortController();
  video.addEventListener('error', () => failed(video.error?.message || 'the media element failed', true), { signal: listening.signal });
  video.src = url;
  /** When the media time 0 was; Safari has it from EXT-X-PROGRAM-DATE-TIME. */
  const start = () => /** @type {any} */ (video).getStartDate?.()?.getTime() ?? NaN;
  const edge = () => (video.seekable.length ? video.seekable.end(video.seekable.length - 1) : NaN);
  return {
    latency: () => edge() - video.currentTime + HOLD_BACK, // Safari lets one seek up to the hold back only
    target: () => HOLD_BACK,
    aim() {},
    sync: edge,
    date: () => start() + video.currentTime * 1_000,
    bytes: () => NaN,
    walks: false, // Safari does as it likes
    rest(resting) {
      if (resting) video.pause(); // play() comes with the page
    },
    close() {
      listening.abort();
      video.removeAttribute('src');
      video.load();
    },
  };
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Failed} failed
 * @returns {Promise<Engine>}
 */
async function playHlsJs(video, url, failed) {
  const { default: Hls } = await import('../../../vendor/hls.light.min.js');
  if (!Hls.isSupported()) throw new Error('this browser has neither HLS nor Media Source Extensions');
  const hls = new Hls({
    lowLatencyMode: true,
    enableWorker: false, // fragmented MP4 is passed on as it is: a worker would only cost a hop
    maxLiveSyncPlaybackRate: 1, // it would change the rate several times a second, around a second in hand; LiveSync does it more calmly
    liveDurationInfinity: true,
    liveSyncOnStallIncrease: 0.3, // which hls.js never takes back; LiveSync does
    backBufferLength: Infinity, // see back_buffer.js
    maxBufferLength: 8,
    startFragPrefetch: true,
  });
  let bytes = 0;
  hls.on(Hls.Events.BUFFER_APPENDING, (_, /** @type {{data: Uint8Array}} */ { data }) => {
    bytes += data.byteLength;
  });
  hls.on(Hls.Events.FRAG_BUFFERED, (_, /** @type {import('../../../vendor/hls.light.min.js').Buffered} */ { frag }) => {
    const details = hls.latestLevelDetails;
    const whole = details !== null && frag.sn <= details.endSN && frag.sn >= details.lastPartSn;
    const endOffset = trimTo({ position: video.currentTime, start: video.buffered.length ? video.buffered.start(0) : NaN, whole });
    if (endOffset !== null) hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset: 0, endOffset, type: null });
  });
  let mendedAt = -Infinity;
  hls.on(Hls.Events.ERROR, (_, /** @type {import('../../../vendor/hls.light.min.js').ErrorData} */ { type, details, fatal }) => {
    if (!fatal) return;
    if (type === 'mediaError' && performance.now() - mendedAt > MEDIA_MENDED) {
      mendedAt = performance.now();
      return hls.recoverMediaError();
    }
    failed(details, true);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    latency: () => hls.latency || NaN,
    target: () => hls.targetLatency ?? HOLD_BACK,
    aim(target) {
      hls.targetLatency = target;
    },
    sync: () => hls.liveSyncPosition ?? NaN,
    date: () => hls.playingDate?.getTime() ?? NaN,
    bytes: () => bytes,
    walks: !APPLE, // WebKit stutters at every change of rate, and comes no nearer by it
    rest: (resting) => (resting ? hls.stopLoad() : hls.startLoad(-1)),
    close: () => hls.destroy(),
  };
}
