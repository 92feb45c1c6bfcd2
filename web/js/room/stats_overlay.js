/** Shows the playback figures. The menu, the key `s` and the query `?stats` open the overlay. */
import { BROWSER } from '../page/environment.js';
import { hasText, t } from '../page/strings.js';
import { ASKED, BEST } from '../watch/playback_paths.js';

/**
 * @typedef {import('../watch/player.js').PlayerStats & {player: string, state: string, bitrate:
 *   number, pace: string, why: string, leftOut: number, reconnects: number, rebuilds: number}}
 *   RoomStats
 */

export class StatsOverlay {
  #list;
  #read;
  #environment;
  #timer;

  /**
   * @param {HTMLElement} list a <dl>
   * @param {() => RoomStats} read
   * @param {Readonly<import('../page/environment.js').Environment>} [environment]
   */
  constructor(list, read, environment = BROWSER) {
    this.#environment = environment;
    this.#list = list;
    this.#read = read;
    list.hidden = false;
    this.#show();
    this.#timer = environment.setInterval(() => this.#show(), 500);
  }

  close() {
    this.#environment.clearInterval(this.#timer);
    this.#list.hidden = true;
  }

  #show() {
    const rows = rowsOf(this.#read());
    while (this.#list.children.length < rows.length * 2) {
      this.#list.append(document.createElement('dt'), document.createElement('dd'));
    }
    while (this.#list.children.length > rows.length * 2) this.#list.lastElementChild?.remove();
    rows.flat().forEach((text, n) => {
      const cell = this.#list.children[n];
      if (cell && cell.textContent !== text) cell.textContent = text;
    });
  }
}

/**
 * Displayed names of the playback paths.
 * @type {Record<string, string>}
 */
const PLAYERS = { webcodecs: 'WebCodecs', mse: 'MSE', hls: 'LL-HLS', whep: 'WebRTC' };

/**
 * @param {RoomStats} s
 * @returns {[string, string][]}
 */
function rowsOf(s) {
  const known = Number.isFinite(s.behindLens);
  return [
    [
      t('stats.behind_lens'),
      known
        ? `${s.captureEstimated ? '≈ ' : ''}${ms(s.behindLens)} ± ${ms(s.captureError)}`
        : t('stats.unknown'),
    ],
    [t('stats.edge'), t('stats.edge_value', { lag: ms(s.lag), target: ms(s.target) })],
    [t('stats.buffer'), t('stats.buffer_value', { buffer: ms(s.buffer), rate: s.rate.toFixed(2) })],
    ...jitterRow(s.jitter),
    [t('stats.frame'), s.width ? `${s.width} × ${s.height}` : t('stats.none')],
    [t('stats.bitrate'), `${(s.bitrate / 1e6).toFixed(2)} Mbps`],
    [t('stats.frames'), t('stats.frames_value', exact({ frames: s.frames, dropped: s.dropped }))],
    ...soundRow(s.sound),
    [
      t('stats.pace'),
      s.leftOut
        ? t('stats.pace_value', { pace: paceOf(s.pace), dropped: s.leftOut })
        : paceOf(s.pace),
    ],
    [t('stats.stalls'), t('stats.stalls_value', exact({ stalls: s.stalls, seeks: s.seeks }))],
    [
      t('stats.connection'),
      t('stats.connection_value', exact({ reconnects: s.reconnects, rebuilds: s.rebuilds })),
    ],
    [t('stats.first_frame'), ms(s.firstPicture)],
    [t('stats.player'), `${PLAYERS[s.player] ?? s.player}, ${s.state}`],
    [t('stats.why'), whyOf(s.why)],
  ];
}

/**
 * Translates the usual reasons. Other reasons are for developers and stay in English.
 * @param {string} why
 */
function whyOf(why) {
  if (why === ASKED) return t('stats.asked_for');
  return why === BEST ? t('stats.best_here') : why;
}

/** @param {string} pace */
const paceOf = (pace) => (hasText(`stats.paces.${pace}`) ? t(`stats.paces.${pace}`) : pace);

/**
 * @param {number} jitter NaN if the player does not measure it
 * @returns {[string, string][]}
 */
function jitterRow(jitter) {
  return Number.isFinite(jitter) ? [[t('stats.jitter'), `${ms(jitter)} p95`]] : [];
}

/**
 * @param {RoomStats['sound']} sound
 * @returns {[string, string][]}
 */
function soundRow(sound) {
  if (!sound) return [];
  if (!sound.played) return [[t('stats.sound'), t('stats.sound_waits')]];
  const rest = t('stats.sound_rest', { buffer: ms(sound.buffer), dry: String(sound.dry) });
  return [
    [
      t('stats.sound'),
      Number.isFinite(sound.lead) ? t('stats.sound_lead', { lead: ms(sound.lead), rest }) : rest,
    ],
  ];
}

/**
 * Formats the numbers with all their digits, not in a short form such as "12K".
 * @param {Record<string, number>} numbers
 */
const exact = (numbers) =>
  Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]));

/** @param {number} value */
function ms(value) {
  return Number.isFinite(value) ? `${Math.round(value)} ms` : '–';
}
