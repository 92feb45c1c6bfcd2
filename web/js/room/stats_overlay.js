/** Shows the playback figures, after a long press or with `?stats`. */
import { BROWSER } from '../page/environment.js';

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
      'Behind the lens',
      known
        ? `${s.captureEstimated ? '≈ ' : ''}${ms(s.behindLens)} ± ${ms(s.captureError)}`
        : 'not known yet',
    ],
    ['Live edge', `${ms(s.lag)}, aim ${ms(s.target)}`],
    ['Buffer', `${ms(s.buffer)} at × ${s.rate.toFixed(2)}`],
    ...jitterRow(s.jitter),
    ['Frame', s.width ? `${s.width} × ${s.height}` : 'none'],
    ['Bitrate', `${(s.bitrate / 1e6).toFixed(2)} Mbps`],
    ['Frames', `${s.frames} shown, ${s.dropped} dropped`],
    ...soundRow(s.sound),
    ['Pace', s.leftOut ? `${s.pace}, ${s.leftOut} dropped` : s.pace],
    ['Stalls', `${s.stalls}, ${s.seeks} jumps`],
    ['Connection', `${s.reconnects} reconnects, ${s.rebuilds} rebuilds`],
    ['First frame', ms(s.firstPicture)],
    ['Player', `${PLAYERS[s.player] ?? s.player}, ${s.state}`],
    ['Why', s.why],
  ];
}

/**
 * @param {number} jitter NaN if the player does not measure it
 * @returns {[string, string][]}
 */
function jitterRow(jitter) {
  return Number.isFinite(jitter) ? [['Jitter', `${ms(jitter)} p95`]] : [];
}

/**
 * @param {RoomStats['sound']} sound
 * @returns {[string, string][]}
 */
function soundRow(sound) {
  if (!sound) return [];
  if (!sound.played) return [['Sound', 'waits for the device']];
  const rest = `buffer ${ms(sound.buffer)}, ran dry ${sound.dry}×`;
  return [
    ['Sound', Number.isFinite(sound.lead) ? `${ms(sound.lead)} after the frame, ${rest}` : rest],
  ];
}

/** @param {number} value */
function ms(value) {
  return Number.isFinite(value) ? `${Math.round(value)} ms` : '–';
}
