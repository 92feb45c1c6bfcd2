/** The health light and, at a tap, the figures behind it: what goes out, what the server gets, what viewers see. */
import { byId, setText } from '../page/dom.js';
import { headCount } from '../page/words.js';
import { Health } from '../publish/health.js';

/** @typedef {import('../publish/health.js').Situation} Situation */

const WORDS = { good: 'Good', weak: 'Weak', bad: 'Bad' };

export class HealthPanel {
  #button = byId('health');
  #details = byId('health-details');
  #health = new Health();
  /** @type {Situation} */
  #situation = { live: false, dark: false, paused: false, sample: null, ingest: null, audience: null };
  #listening = new AbortController();

  constructor() {
    this.#button.addEventListener('click', () => this.#open(this.#details.hidden), { signal: this.#listening.signal });
    this.#open(false);
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#open(false);
  }

  /**
   * What is known now; what is left out stays as it was.
   * @param {Partial<Situation>} news
   */
  tell(news) {
    Object.assign(this.#situation, news);
    // What the last connection was like says nothing of the new one.
    if (news.live) this.#health = new Health();
    // One judgement for each second of figures, and one for each change of the connection.
    if (news.sample || news.live !== undefined) this.#health.add(this.#situation);
    this.#show();
  }

  /** @param {boolean} open */
  #open(open) {
    this.#details.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    this.#show();
  }

  #show() {
    const { light, why } = this.#health;
    const { sample, audience, live } = this.#situation;
    this.#button.dataset.light = live ? light : 'bad';
    setText(byId('health-word'), live ? WORDS[light] : 'Off');
    setText(byId('health-text'), live ? why || summary(sample) : 'Not connected');
    setText(byId('audience'), live ? audienceLine(audience) : '');
    if (!this.#details.hidden) this.#fill();
  }

  #fill() {
    for (const [id, rows] of Object.entries(detailsOf(this.#situation))) {
      const list = byId(id);
      while (list.children.length < rows.length) {
        const row = document.createElement('div');
        row.append(document.createElement('dt'), document.createElement('dd'));
        list.append(row);
      }
      rows.forEach(([name, value], n) => {
        const [term, text] = /** @type {[Element, Element]} */ ([...(list.children[n]?.children ?? [])]);
        setText(term, name);
        setText(text, value);
      });
    }
  }
}

/** @param {Situation['sample']} sample */
function summary(sample) {
  return sample?.width ? `${size(sample)} · ${Math.round(sample.fps)} fps · ${mbps(sample.bitrate)}` : '';
}

/**
 * What viewers see now, in a few words.
 * @param {Situation['audience']} audience
 */
function audienceLine(audience) {
  if (!audience?.watching) return 'Nobody is watching yet';
  const { reporting, playing, behind_lens: delay } = audience;
  if (!reporting) return `${headCount(audience.watching)} watching`;
  const share = playing === reporting ? `All ${headCount(reporting)} viewers see you` : `${headCount(playing)} of ${headCount(reporting)} viewers see you`;
  const who = reporting > 1 ? share : playing ? 'Your viewer sees you' : 'Your viewer’s picture stands still';
  return delay ? `${who} · ${ms(delay.p50)} behind` : who;
}

/**
 * @param {Situation} situation
 * @returns {Record<string, [string, string][]>} rows by the id of their list
 */
function detailsOf({ sample, ingest, audience }) {
  const limits = { none: 'nothing', cpu: 'this device', bandwidth: 'the network', other: 'the browser' };
  const spread = (/** @type {import('../publish/health.js').Spread | undefined} */ each) => !each ? '–' : each.p50 === each.p95 ? ms(each.p50) : `${ms(each.p50)}, slowest ${ms(each.p95)}`;
  return {
    'details-seen': [
      ['Watching', audience ? headCount(audience.watching) : '–'],
      ['Playing', audience?.reporting ? `${headCount(audience.playing)} of ${headCount(audience.reporting)}` : '–'],
      ['Behind the lens', spread(audience?.behind_lens)],
      ['First picture', spread(audience?.first_picture)],
      ['Stalled lately', audience?.reporting ? `${headCount(audience.stalled)} of ${headCount(audience.reporting)}` : '–'],
      ['Players', audience?.reporting ? players(audience.players) : '–'],
    ],
    'details-sent': [
      ['Picture', sample?.width ? `${sample.width} × ${sample.height}, ${Math.round(sample.fps)} fps` : '–'],
      ['Bitrate', sample ? `${mbps(sample.bitrate)} of ${sample.estimate ? mbps(sample.estimate) : '–'}` : '–'],
      ['Lost', percent(sample?.loss)],
      ['Round trip', ms(sample?.roundTrip)],
      ['Held back by', sample ? limits[sample.limited] : '–'],
      ['Way', sample ? (sample.relayed ? 'through a TURN server' : 'straight to the server') : '–'],
    ],
    'details-received': [
      ['Bitrate', ingest?.bitrate != null ? mbps(ingest.bitrate) : '–'],
      ['Pictures', ingest?.fps != null ? `${Math.round(ingest.fps)} a second` : '–'],
      ['Longest gap', ms(ingest?.gap)],
      ['Packets lost', ingest ? `${ingest.lost}, ${ingest.repaired} mended` : '–'],
      ['Last keyframe', ingest?.keyframe_age != null ? `${(ingest.keyframe_age / 1_000).toFixed(1)} s ago` : '–'],
    ],
  };
}

/** @param {Record<string, number>} counts */
function players(counts) {
  const names = /** @type {Record<string, string>} */ ({ webcodecs: 'WebCodecs', mse: 'MSE', whep: 'WebRTC', hls: 'HLS' });
  const ordered = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return ordered.map(([name, count]) => `${names[name] ?? 'others'} ${headCount(count)}`).join(', ');
}

/** @param {{width: number, height: number}} picture */
function size({ width, height }) {
  return `${Math.min(width, height)}p`;
}

/** @param {number} bitrate bit/s */
function mbps(bitrate) {
  return `${(bitrate / 1e6).toFixed(bitrate < 1e6 ? 2 : 1)} Mbps`;
}

/** @param {number | null | undefined} value */
function ms(value) {
  if (value == null || Number.isNaN(value)) return '–';
  return value < 2_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;
}

/** @param {number | undefined} share */
function percent(share) {
  return share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}
