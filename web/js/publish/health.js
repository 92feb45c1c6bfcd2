/**
 * The health light: how well a live goes, from what the browser sends, what the server gets, and what viewers see. Pure.
 *
 * @typedef {'good' | 'weak' | 'bad'} Light
 *
 * @typedef {object} Ingest  what the server gets (server/API.md)
 * @property {number | null} bitrate
 * @property {number | null} fps
 * @property {number} gap
 * @property {number} repaired
 * @property {number} lost
 * @property {number | null} keyframe_age
 * @property {number | null} round_trip
 *
 * @typedef {{p50: number, p95: number} | null} Spread  ms
 *
 * @typedef {object} Audience  what viewers see
 * @property {number} watching
 * @property {number} reporting
 * @property {number} playing
 * @property {Spread} behind_lens
 * @property {Spread} first_picture
 * @property {number} stalled   viewers whose picture ran dry within the last half minute
 * @property {Record<string, number>} players
 *
 * @typedef {object} Situation
 * @property {boolean} live     the connection to the server stands
 * @property {boolean} dark     the camera gives nothing
 * @property {boolean} paused   the camera is hidden: black pictures are meant
 * @property {import('./sender_stats.js').Sample | null} sample
 * @property {Ingest | null} ingest
 * @property {Audience | null} audience
 */

/** @type {readonly {light: Light, why: string, when: (situation: Required<Situation> & Figures) => boolean}[]} the first that holds counts; a figure that is not known is NaN and holds nowhere */
const FINDINGS = [
  { light: 'bad', why: 'Not connected', when: ({ live }) => !live },
  { light: 'bad', why: 'The camera gives no picture', when: ({ dark }) => dark },
  { light: 'bad', why: 'The picture does not get through', when: ({ gap }) => gap > 1_500 },
  { light: 'bad', why: 'Much is lost on the way: find a better network', when: ({ loss }) => loss > 0.1 },
  { light: 'bad', why: 'The network is very slow to answer', when: ({ roundTrip }) => roundTrip > 800 },
  { light: 'bad', why: 'Hardly any picture: the network carries almost nothing', when: ({ estimate }) => estimate < 200_000 },
  { light: 'bad', why: 'The picture is a slideshow', when: ({ fps }) => fps < 8 },
  { light: 'bad', why: 'Most viewers stand still', when: ({ standing }) => standing > 0.5 },
  { light: 'weak', why: 'This device is at its limit: close other apps, keep it cool', when: ({ sample }) => sample?.limited === 'cpu' },
  { light: 'weak', why: 'The network carries little: the picture is smaller', when: ({ estimate }) => estimate < 600_000 },
  { light: 'weak', why: 'Some is lost on the way', when: ({ loss }) => loss > 0.03 },
  { light: 'weak', why: 'The network is slow to answer', when: ({ roundTrip }) => roundTrip > 300 },
  { light: 'weak', why: 'The picture stumbles', when: ({ gap, fps }) => gap > 500 || fps < 18 },
  { light: 'weak', why: 'Some viewers stand still', when: ({ standing }) => standing > 0.2 },
];

/** @typedef {{gap: number, loss: number, roundTrip: number, estimate: number, fps: number, standing: number}} Figures */

const WORSE_AFTER = 3; // s; one bad second is no news
const BETTER_AFTER = 4;

/**
 * What this one second says.
 * @param {Situation} situation
 * @returns {{light: Light, why: string}}
 */
export function judge(situation) {
  const { sample, ingest, audience, paused } = situation;
  const figures = {
    gap: paused ? NaN : (ingest?.gap ?? NaN),
    loss: sample?.loss ?? NaN,
    roundTrip: sample?.roundTrip ?? NaN,
    estimate: sample?.estimate || NaN,
    fps: paused || !sample?.width ? NaN : sample.fps,
    standing: audience?.reporting ? 1 - audience.playing / audience.reporting : NaN,
  };
  const found = FINDINGS.find(({ when }) => when({ ...situation, ...figures }));
  return found ? { light: found.light, why: found.why } : { light: 'good', why: '' };
}

/** The light as it is shown: steady, so that it means something. A lost connection shows at once. */
export class Health {
  /** @type {Light} */
  light = 'good';
  why = '';
  #other = 0;

  /**
   * Called once a second, and whenever the connection is made or lost.
   * @param {Situation} situation
   */
  add(situation) {
    const { light, why } = judge(situation);
    if (light === this.light) {
      this.#other = 0;
      this.why = why;
      return this;
    }
    const worse = RANK[light] > RANK[this.light];
    this.#other++;
    if (!situation.live || this.#other >= (worse ? WORSE_AFTER : BETTER_AFTER)) {
      Object.assign(this, { light, why });
      this.#other = 0;
    }
    return this;
  }
}

const RANK = { good: 0, weak: 1, bad: 2 };
