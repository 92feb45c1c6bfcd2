/**
 * Judges the quality of the published stream: good, weak or bad. The judgement depends on what the
 * browser sends, what the server receives and what viewers see. Pure.
 *
 * @typedef {'good' | 'weak' | 'bad'} Light
 *
 * @typedef {object} Ingest  what the server receives (server/API.md)
 * @property {number | null} bitrate
 * @property {number | null} fps
 * @property {number} gap
 * @property {number} repaired
 * @property {number} lost
 * @property {number | null} keyframe_age
 * @property {number | null} round_trip
 * @property {Missing[]} missing
 *
 * @typedef {object} Missing  what viewers miss
 * @property {'picture' | 'sound'} what
 * @property {string} code
 * @property {number} requests  keyframe requests without an answer
 * @property {string} text      the cause, in English
 *
 * @typedef {{p50: number, p95: number} | null} Spread  ms
 *
 * @typedef {object} Audience  what viewers see
 * @property {number} watching
 * @property {number} reporting
 * @property {number} playing
 * @property {Spread} behind_lens
 * @property {Spread} first_picture
 * @property {number} stalled   viewers whose playback stalled within the last 30 s
 * @property {Record<string, number>} players
 *
 * @typedef {object} Situation
 * @property {boolean} live        connected to the server
 * @property {boolean} cameraLost  the camera produces no frames
 * @property {boolean} paused      the creator has hidden the camera: black frames are intended
 * @property {import('./sender_stats.js').Sample | null} sample
 * @property {Ingest | null} ingest
 * @property {Audience | null} audience
 *
 * @typedef {object} Figures  NaN while unknown
 * @property {number} gap        ms
 * @property {number} loss       fraction of the packets that are lost
 * @property {number} roundTrip  ms
 * @property {number} estimate   bit/s
 * @property {number} fps
 * @property {number} standing   fraction of the reporting viewers whose video has stopped
 * @property {Missing['what'] | undefined} misses
 */
import { hasText, t } from '../page/strings.js';

/**
 * The possible findings, the most important first. The first finding whose condition is true is
 * shown. A condition is false if its figure is NaN. The second item of each entry is the finding's
 * key in the strings, below `health`.
 * @type {readonly [Light, string, (situation: Situation & Figures) => boolean][]}
 */
const FINDINGS = [
  ['bad', 'not_connected', ({ live }) => !live],
  ['bad', 'no_video', ({ cameraLost }) => cameraLost],
  ['bad', 'missing', ({ misses, paused }) => misses === 'picture' && !paused],
  ['bad', 'nothing_arrives', ({ gap }) => gap > 1_500],
  ['bad', 'much_loss', ({ loss }) => loss > 0.1],
  ['bad', 'very_slow_response', ({ roundTrip }) => roundTrip > 800],
  ['bad', 'too_slow', ({ estimate }) => estimate < 200_000],
  ['bad', 'few_frames', ({ fps }) => fps < 8],
  ['bad', 'most_stopped', ({ standing }) => standing > 0.5],
  ['weak', 'missing', ({ misses }) => misses === 'sound'],
  ['weak', 'device_limit', limitedByDevice],
  ['weak', 'smaller', ({ estimate }) => estimate < 600_000],
  ['weak', 'some_loss', ({ loss }) => loss > 0.03],
  ['weak', 'slow_response', ({ roundTrip }) => roundTrip > 300],
  ['weak', 'not_smooth', ({ gap, fps }) => gap > 500 || fps < 18],
  ['weak', 'some_stopped', ({ standing }) => standing > 0.2],
];

/** @param {Situation} situation */
function limitedByDevice({ sample }) {
  return sample?.limited === 'cpu';
}

const WORSE_AFTER = 3; // s
const BETTER_AFTER = 4; // s

/**
 * Judges the situation of one second, without regard to earlier seconds.
 * @param {Situation} situation
 * @returns {{light: Light, why: string}} `why`: key of the finding, '' if there is no finding
 */
export function judge(situation) {
  const { sample, ingest, audience, paused } = situation;
  const figures = {
    gap: paused ? NaN : (ingest?.gap ?? NaN),
    loss: sample?.loss ?? NaN,
    roundTrip: sample?.roundTrip ?? NaN,
    estimate: sample?.estimate || NaN,
    fps: paused || !sample?.width ? NaN : sample.fps,
    misses: ingest?.missing[0]?.what,
    standing: audience?.reporting ? 1 - audience.playing / audience.reporting : NaN,
  };
  const found = FINDINGS.find(([, , holds]) => holds({ ...situation, ...figures }));
  return found ? { light: found[0], why: found[1] } : { light: 'good', why: '' };
}

/**
 * Returns the text of a finding; '' if there is no finding.
 * @param {string} why  key of the finding
 * @param {Ingest | null} ingest
 */
export function findingText(why, ingest) {
  if (!why) return '';
  if (why !== 'missing') return t(`health.${why}`);
  const missing = ingest?.missing[0];
  if (!missing) return '';
  const key = `health.missing.${missing.code}`;
  return hasText(key) ? t(key, { requests: String(missing.requests) }) : missing.text;
}

const RANK = { good: 0, weak: 1, bad: 2 };

/**
 * The verdict that the studio shows. The verdict changes at once if the connection is lost.
 * Otherwise, the verdict changes only after several consecutive seconds with a different judgement.
 */
export class Health {
  /** @type {Light} */
  light = 'good';
  why = '';
  #differing = 0; // s in a row

  /**
   * Takes a situation and updates the verdict. Call this once a second, and when the connection is
   * made or lost.
   * @param {Situation} situation
   */
  add(situation) {
    const { light, why } = judge(situation);
    if (light === this.light) {
      this.#differing = 0;
      this.why = why;
      return this;
    }
    this.#differing++;
    const after = RANK[light] > RANK[this.light] ? WORSE_AFTER : BETTER_AFTER;
    if (!situation.live || this.#differing >= after) {
      Object.assign(this, { light, why });
      this.#differing = 0;
    }
    return this;
  }
}
