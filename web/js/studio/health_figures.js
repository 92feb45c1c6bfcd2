/** Formats the figures that explain the health light to the creator. Pure. */
import { headCount } from '../page/words.js';

/**
 * @typedef {import('../publish/health.js').Situation} Situation
 * @typedef {import('../publish/health.js').Spread} Spread
 */

const UNKNOWN = '–';
const LIMITS = Object.freeze({
  none: 'nothing',
  cpu: 'this device',
  bandwidth: 'the network',
  other: 'the browser',
});
/** @type {Readonly<Record<string, string>>} */
const PLAYERS = Object.freeze({ webcodecs: 'WebCodecs', mse: 'MSE', whep: 'WebRTC', hls: 'HLS' });

/**
 * Describes the video that the browser sends, in one line.
 * @param {Situation['sample']} sample
 */
export function sentLine(sample) {
  if (!sample?.width) return '';
  const size = Math.min(sample.width, sample.height);
  return `${size}p · ${Math.round(sample.fps)} fps · ${mbps(sample.bitrate)}`;
}

/**
 * Describes the viewers' playback in one line.
 * @param {Situation['audience']} audience
 */
export function audienceLine(audience) {
  if (!audience?.watching) return 'No viewers yet';
  const { watching, reporting, playing, behind_lens: delay } = audience;
  if (!reporting) return `${headCount(watching)} watching`;
  const text = reporting === 1 ? oneViewer(playing === 1) : manyViewers(playing, reporting);
  return delay ? `${text} · ${ms(delay.p50)} behind` : text;
}

/** @param {boolean} playing */
function oneViewer(playing) {
  return playing ? 'Your viewer sees you' : 'The video has stopped for your viewer';
}

/**
 * @param {number} playing
 * @param {number} reporting
 */
function manyViewers(playing, reporting) {
  return playing === reporting
    ? `All ${headCount(reporting)} viewers see you`
    : `${headCount(playing)} of ${headCount(reporting)} viewers see you`;
}

/**
 * @param {Situation} situation
 * @returns {{seen: [string, string][], sent: [string, string][], received: [string, string][]}}
 *   rows of a name and a value
 */
export function figures({ sample, ingest, audience }) {
  const reporting = audience?.reporting ?? 0;
  const ofReporting = (/** @type {number} */ count) =>
    reporting ? `${headCount(count)} of ${headCount(reporting)}` : UNKNOWN;
  return {
    seen: [
      ['Watching', audience ? headCount(audience.watching) : UNKNOWN],
      ['Playing', ofReporting(audience?.playing ?? 0)],
      ['Delay', spread(audience?.behind_lens)],
      ['Start-up time', spread(audience?.first_picture)],
      ['Stalled in last 30 s', ofReporting(audience?.stalled ?? 0)],
      ['Players', reporting ? players(audience?.players ?? {}) : UNKNOWN],
    ],
    sent: [
      [
        'Video',
        sample?.width
          ? `${sample.width} × ${sample.height}, ${Math.round(sample.fps)} fps`
          : UNKNOWN,
      ],
      ['Bitrate', sample ? mbps(sample.bitrate) : UNKNOWN],
      ['Network capacity', sample?.estimate ? mbps(sample.estimate) : UNKNOWN],
      ['Packets lost', percent(sample?.loss)],
      ['Round trip', ms(sample?.roundTrip)],
      ['Limited by', sample ? LIMITS[sample.limited] : UNKNOWN],
      ['Connection', sample ? (sample.relayed ? 'through a TURN server' : 'direct') : UNKNOWN],
    ],
    received: [
      ['Bitrate', ingest?.bitrate != null ? mbps(ingest.bitrate) : UNKNOWN],
      ['Frame rate', ingest?.fps != null ? `${Math.round(ingest.fps)} fps` : UNKNOWN],
      ['Longest gap', ms(ingest?.gap)],
      ['Packets lost', ingest ? `${ingest.lost} (${ingest.repaired} repaired)` : UNKNOWN],
      [
        'Last keyframe',
        ingest?.keyframe_age != null
          ? `${(ingest.keyframe_age / 1_000).toFixed(1)} s ago`
          : UNKNOWN,
      ],
    ],
  };
}

/** @param {Record<string, number>} counts */
function players(counts) {
  const ordered = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return ordered
    .map(([name, count]) => `${PLAYERS[name] ?? 'other'} ${headCount(count)}`)
    .join(', ');
}

/** @param {Spread | undefined} each */
function spread(each) {
  if (!each) return UNKNOWN;
  return each.p50 === each.p95 ? ms(each.p50) : `${ms(each.p50)}, slowest ${ms(each.p95)}`;
}

/** @param {number} bitrate bit/s */
function mbps(bitrate) {
  return `${(bitrate / 1e6).toFixed(bitrate < 1e6 ? 2 : 1)} Mbps`;
}

/** @param {number | null | undefined} value */
function ms(value) {
  if (value == null || Number.isNaN(value)) return UNKNOWN;
  return value < 2_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

/** @param {number | undefined} share */
function percent(share) {
  return share === undefined || Number.isNaN(share) ? UNKNOWN : `${(share * 100).toFixed(1)} %`;
}
