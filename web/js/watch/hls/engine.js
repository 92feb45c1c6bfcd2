/**
 * Plays an LL-HLS URL in a video element: by hls.js with Media Source Extensions, or by the browser
 * itself (Safari).
 *
 * @typedef {object} Engine
 * @property {() => number} latency  s behind the live edge; NaN while unknown
 * @property {() => number} target   target of `latency`, s
 * @property {(target: number) => void} aim sets another target for `latency`; has no effect if the
 *   browser itself plays the URL
 * @property {() => number} sync     media time (s) whose latency is `target`; NaN while unknown
 * @property {() => number} date capture time of the visible frame, ms since 1970; NaN while unknown
 * @property {() => number} bytes    media bytes received; NaN if the browser does not report them
 * @property {boolean} walks         whether the playback rate may be changed
 * @property {(resting: boolean) => void} rest  stops loading while the page is hidden
 * @property {() => void} close
 *
 * @typedef {(reason: string, again: boolean) => void} Failed  `again`: a retry may work
 */
import { trimTo } from './back_buffer.js';
import { HOLD_BACK } from './live_sync.js';
import { PartsAhead } from './parts_ahead.js';

const APPLE = navigator.vendor.startsWith('Apple');
const MEDIA_MENDED = 3_000; // minimum time between two recoveries of the decoder, ms

/**
 * Starts the engine for this browser. Safari plays LL-HLS itself: this needs less CPU time on a
 * phone, and iPhones have no MediaSource for hls.js. All other browsers use hls.js, because
 * Chromium's own HLS player does not support parts.
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Failed} failed
 * @param {import('./parts_ahead.js').Environment} environment
 * @returns {Promise<Engine>}
 */
export async function makeEngine(video, url, failed, environment) {
  const native = video.canPlayType('application/vnd.apple.mpegurl') !== '' && APPLE;
  return native ? playNative(video, url, failed) : playHlsJs(video, url, failed, environment);
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {Failed} failed
 * @returns {Engine}
 */
function playNative(video, url, failed) {
  const listening = new AbortController();
  video.addEventListener(
    'error',
    () => failed(video.error?.message || 'the media element failed', true),
    { signal: listening.signal },
  );
  video.src = url;
  /**
   * Capture time of the frame at media time 0, ms since 1970. Safari reads this time from
   * EXT-X-PROGRAM-DATE-TIME.
   */
  const start = () => /** @type {any} */ (video).getStartDate?.()?.getTime() ?? NaN;
  const edge = () => (video.seekable.length ? video.seekable.end(video.seekable.length - 1) : NaN);
  return {
    // in Safari the seekable range ends at the hold-back
    latency: () => edge() - video.currentTime + HOLD_BACK,
    target: () => HOLD_BACK,
    aim() {},
    sync: edge,
    date: () => start() + video.currentTime * 1_000,
    bytes: () => NaN,
    walks: false, // Safari sets the rate itself
    rest(resting) {
      if (resting) video.pause(); // the page calls play() to continue
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
 * @param {import('./parts_ahead.js').Environment} environment
 * @returns {Promise<Engine>}
 */
async function playHlsJs(video, url, failed, environment) {
  const { default: Hls } = await import('../../../vendor/hls.light.min.js');
  if (!Hls.isSupported())
    throw new Error('this browser has neither HLS nor Media Source Extensions');
  const ahead = new PartsAhead(environment);
  const hls = new Hls({
    fLoader: ahead.loader(Hls.DefaultConfig.loader),
    lowLatencyMode: true,
    enableWorker: false, // fragmented MP4 needs no remuxing; a worker would add a hop
    // only LiveSync changes the rate: hls.js would change the rate several times a second
    maxLiveSyncPlaybackRate: 1,
    liveDurationInfinity: true,
    liveSyncOnStallIncrease: 0, // hls.js notices only stalls of over 1.25 s; see LiveSync
    backBufferLength: Infinity, // see back_buffer.js
    maxBufferLength: 8,
    startFragPrefetch: true,
  });
  hls.on(
    Hls.Events.LEVEL_UPDATED,
    (_, /** @type {{details: import('../../../vendor/hls.light.min.js').Details}} */ { details }) =>
      ahead.expect(details),
  );
  let bytes = 0;
  hls.on(Hls.Events.BUFFER_APPENDING, (_, /** @type {{data: Uint8Array}} */ { data }) => {
    bytes += data.byteLength;
  });
  hls.on(
    Hls.Events.FRAG_BUFFERED,
    (_, /** @type {import('../../../vendor/hls.light.min.js').Buffered} */ { frag }) => {
      const details = hls.latestLevelDetails;
      const whole = details !== null && frag.sn <= details.endSN && frag.sn >= details.lastPartSn;
      const endOffset = trimTo({
        position: video.currentTime,
        start: video.buffered.length ? video.buffered.start(0) : NaN,
        whole,
      });
      if (endOffset !== null)
        hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset: 0, endOffset, type: null });
    },
  );
  let mendedAt = -Infinity;
  hls.on(
    Hls.Events.ERROR,
    (
      _,
      /** @type {import('../../../vendor/hls.light.min.js').ErrorData} */ { type, details, fatal },
    ) => {
      if (!fatal) return;
      if (type === 'mediaError' && environment.now() - mendedAt > MEDIA_MENDED) {
        mendedAt = environment.now();
        return hls.recoverMediaError();
      }
      failed(details, true);
    },
  );
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
    walks: !APPLE, // WebKit stutters at every change of rate and gains nothing
    rest: (resting) => (resting ? hls.stopLoad() : hls.startLoad(-1)),
    close: () => hls.destroy(),
  };
}
