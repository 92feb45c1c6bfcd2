/**
 * What a room needs from whatever plays it. MSE is the first; WebCodecs, HLS and WHEP stand beside it behind the same few verbs.
 *
 * @typedef {object} PlayerEvents
 * @property {() => void} picture  the first picture is on the screen
 * @property {(reason: string, final: boolean) => void} broken  this player cannot go on; make another, on a fresh connection, unless final
 * @property {() => void} blocked  the browser wants a tap before it plays
 * @property {(width: number, height: number) => void} [sized]  the picture has this size
 *
 * @typedef {object} PlayerStats
 * @property {number} behindLens   ms from the lens to this screen; NaN while unknown
 * @property {number} captureError ms, how wrong behindLens can be from the exchange of clocks
 * @property {boolean} captureEstimated  the creator's clock is not known yet
 * @property {number} lag      ms behind the live edge
 * @property {number} target   ms behind the live edge that is aimed at
 * @property {number} buffer   ms of media in hand
 * @property {number} jitter   ms, 95th percentile
 * @property {number} rate
 * @property {number} width
 * @property {number} height
 * @property {number} frames   shown since the start
 * @property {number} dropped  frames the decoder or the compositor left out
 * @property {number} stalls
 * @property {number} seeks
 * @property {number} firstPicture ms from navigation; NaN before it
 * @property {number} [bitrate] bit/s, of media that does not come by the connection
 *
 * @typedef {object} Player
 * @property {string} name
 * @property {string} stream   id of the stream it plays; '' before the first hello
 * @property {(hello: import('./connection.js').Hello) => void} hello  a connection, the first or another, begins
 * @property {(record: import('./record.js').MediaRecord, arrival: number) => void} record
 * @property {() => void} resume  after a tap, or when the page is seen again
 * @property {() => PlayerStats} stats
 * @property {() => void} close
 */
import { HlsPlayer } from './hls/hls_player.js';
import { MsePlayer } from './mse_player.js';
import { WhepPlayer } from './whep/whep_player.js';

/** @type {Record<string, new (video: HTMLVideoElement, clock: import('./server_clock.js').ServerClock, events: PlayerEvents) => Player>} */
const PLAYERS = { mse: MsePlayer, hls: HlsPlayer, whep: WhepPlayer };

/**
 * The player asked for by `?player=`, or the best there is.
 * @param {string | null} wanted
 */
export function choosePlayer(wanted) {
  const known = wanted !== null && wanted in PLAYERS;
  return { Player: PLAYERS[known ? wanted : 'mse'] ?? MsePlayer, unknown: wanted !== null && !known };
}
