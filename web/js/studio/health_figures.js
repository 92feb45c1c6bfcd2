/** Formats the figures that explain the health light to the creator. Pure. */
import { shortNumber, t } from '../page/strings.js';

/**
 * @typedef {import('../publish/health.js').Situation} Situation
 * @typedef {import('../publish/health.js').Spread} Spread
 */

const UNKNOWN = '–';
/** @type {Readonly<Record<string, string>>} */
const PLAYERS = Object.freeze({ webcodecs: 'WebCodecs', mse: 'MSE', whep: 'WebRTC', hls: 'HLS' });

/**
 * Describes the video that the browser sends, in one line.
 * @param {Situation['sample']} sample
 */
export function sentLine(sample) {
  if (!sample?.width) return '';
  const size = String(Math.min(sample.width, sample.height));
  return t('figures.sent', { size, fps: Math.round(sample.fps), bitrate: mbps(sample.bitrate) });
}

/**
 * Describes the viewers' playback in one line.
 * @param {Situation['audience']} audience
 */
export function audienceLine(audience) {
  if (!audience?.watching) return t('figures.no_viewers');
  const { watching, reporting, playing, behind_lens: delay } = audience;
  if (!reporting) return t('figures.watching', { count: watching });
  const text = reporting === 1 ? oneViewer(playing === 1) : manyViewers(playing, reporting);
  return delay ? t('figures.with_delay', { text, delay: ms(delay.p50) }) : text;
}

/** @param {boolean} playing */
function oneViewer(playing) {
  return playing ? t('figures.one_sees') : t('figures.one_stopped');
}

/**
 * @param {number} playing
 * @param {number} reporting
 */
function manyViewers(playing, reporting) {
  return playing === reporting
    ? t('figures.all_see', { count: reporting })
    : t('figures.some_see', { playing, count: reporting });
}

/**
 * @param {Situation} situation
 * @returns {{seen: [string, string][], sent: [string, string][], received: [string, string][]}}
 *   rows of a name and a value
 */
export function figures({ sample, ingest, audience }) {
  const reporting = audience?.reporting ?? 0;
  const ofReporting = (/** @type {number} */ part) =>
    reporting ? t('figures.of', { part, count: reporting }) : UNKNOWN;
  return {
    seen: rows({
      watching: audience ? shortNumber(audience.watching) : UNKNOWN,
      playing: ofReporting(audience?.playing ?? 0),
      delay: spread(audience?.behind_lens),
      start: spread(audience?.first_picture),
      stalled: ofReporting(audience?.stalled ?? 0),
      players: reporting ? players(audience?.players ?? {}) : UNKNOWN,
    }),
    sent: rows({
      video: sample?.width ? videoLine(sample) : UNKNOWN,
      bitrate: sample ? mbps(sample.bitrate) : UNKNOWN,
      capacity: sample?.estimate ? mbps(sample.estimate) : UNKNOWN,
      lost: percent(sample?.loss),
      round_trip: ms(sample?.roundTrip),
      limited: sample ? t(`figures.limited.${sample.limited}`) : UNKNOWN,
      connection: sample ? connectionOf(sample) : UNKNOWN,
    }),
    received: rows({
      bitrate: ingest?.bitrate != null ? mbps(ingest.bitrate) : UNKNOWN,
      frame_rate: ingest?.fps != null ? t('figures.fps', { fps: Math.round(ingest.fps) }) : UNKNOWN,
      gap: ms(ingest?.gap),
      lost: ingest ? lostLine(ingest) : UNKNOWN,
      keyframe: ingest?.keyframe_age != null ? agoLine(ingest.keyframe_age) : UNKNOWN,
    }),
  };
}

/**
 * @param {Record<string, string>} values  each value by the key of its name
 * @returns {[string, string][]}
 */
function rows(values) {
  return Object.entries(values).map(([key, value]) => [t(`figures.label.${key}`), value]);
}

/** @param {NonNullable<Situation['sample']>} sample */
function videoLine({ width, height, fps }) {
  const size = { width: String(width), height: String(height) };
  return t('figures.video', { ...size, fps: Math.round(fps) });
}

/** @param {NonNullable<Situation['sample']>} sample */
function connectionOf({ relayed }) {
  return relayed ? t('figures.relayed') : t('figures.direct');
}

/** @param {NonNullable<Situation['ingest']>} ingest */
function lostLine({ lost, repaired }) {
  return t('figures.repaired', { lost: String(lost), repaired: String(repaired) });
}

/** @param {number} age ms */
function agoLine(age) {
  return t('figures.ago', { seconds: (age / 1_000).toFixed(1) });
}

/** @param {Record<string, number>} counts */
function players(counts) {
  const ordered = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return ordered
    .map(([name, count]) => `${PLAYERS[name] ?? t('figures.other_player')} ${shortNumber(count)}`)
    .join(', ');
}

/** @param {Spread | undefined} each */
function spread(each) {
  if (!each) return UNKNOWN;
  return each.p50 === each.p95
    ? ms(each.p50)
    : t('figures.slowest', { middle: ms(each.p50), slow: ms(each.p95) });
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
