/**
 * What a room needs from whatever plays it: WebCodecs, MSE and what else there is stand behind the same few verbs.
 *
 * @typedef {object} PlayerEvents
 * @property {() => void} picture  the first picture is on the screen
 * @property {(reason: string, final: boolean) => void} broken  this player cannot go on; make another, on a fresh connection, unless final
 * @property {() => void} blocked  the browser wants a tap before it plays
 * @property {(width: number, height: number) => void} sized  the picture has this size; called again when it has another
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
 * @property {number} position     ms of player time, of the picture on the screen; it never goes back
 * @property {boolean} playing     pictures are coming
 * @property {SoundStats} [sound]  where the player knows where the sound is, and it is to be heard
 *
 * @typedef {object} SoundStats
 * @property {number} played  ms of sound given out
 * @property {number} dry     times that there was none to give out
 * @property {number} buffer  ms decoded and not yet given out
 * @property {number} jitter  ms, 95th percentile
 * @property {number} target  ms behind its own edge
 * @property {number} latency ms from there to the loudspeaker
 * @property {number} lead    ms that the picture on the screen is ahead of what is heard
 *
 * @typedef {object} Player
 * @property {string} name
 * @property {string} stream   id of the stream it plays; '' before the first hello
 * @property {HTMLVideoElement | HTMLCanvasElement} element  shows the picture, and can be drawn from; the room puts it in its place
 * @property {number} width    of the picture now in `element`; 0 before the first
 * @property {number} height
 * @property {boolean} muted   set to false in a user's tap
 * @property {(hello: import('./line/connection.js').Hello) => void} hello  a connection, the first or another, begins
 * @property {(record: import('./line/record.js').MediaRecord, arrival: number) => void} record
 * @property {() => void} resume  after a tap, or when the page is seen again
 * @property {() => PlayerStats} stats
 * @property {(stream: WritableStream<VideoFrame> | null) => void} [mirror]  gives the stream a copy of each picture from now on; where `element` is a canvas
 * @property {import('./line/line.js').Held} [connection]  where the player holds the room's connection by itself; it gets no records then
 * @property {() => void} close   `element` keeps its last picture until it is taken away, where the browser lets it
 *
 * @typedef {object} Seat  what a player is given
 * @property {HTMLVideoElement} video  for players that play through one
 * @property {import('./line/server_clock.js').ServerClock} clock
 * @property {import('./line/connection.js').Listener} listener  for players that hold the room's connection by themselves
 * @property {PlayerEvents} events
 */
import { firstBackstage, workerScript } from '../boot/first_socket.js';
import { MsePlayer } from './mse/mse_player.js';
import { makeBackstage } from './webcodecs/backstage.js';
import { WebCodecsPlayer } from './webcodecs/webcodecs_player.js';

/**
 * By the names of ladder.js. A player that few will need is better fetched when it is: let its line return a promise.
 * @type {Record<string, (seat: Seat) => Player | Promise<Player>>}
 */
const PLAYERS = {
  webcodecs: ({ listener, events }) => {
    const stage = takeFirst() ?? makeBackstage(workerScript);
    if (stage instanceof Promise) return stage.then((here) => new WebCodecsPlayer(here, listener, events));
    return new WebCodecsPlayer(stage, listener, events);
  },
  mse: ({ video, clock, events }) => new MsePlayer(video, clock, events),
  hls: ({ video, clock, events }) => import('./hls/hls_player.js').then(({ HlsPlayer }) => new HlsPlayer(video, clock, events)),
  whep: ({ video, clock, events }) => import('./whep/whep_player.js').then(({ WhepPlayer }) => new WhepPlayer(video, clock, events)),
};

let first = firstBackstage;

/** The one that the page began with, once. */
function takeFirst() {
  const taken = first;
  first = null;
  return taken;
}

/**
 * @param {string} name one of ladder.js
 * @param {Seat} seat
 * @throws where this browser lacks what the player is built on
 */
export function makePlayer(name, seat) {
  const make = PLAYERS[name];
  if (!make) throw new Error(`there is no player ${name}`);
  return make(seat);
}
