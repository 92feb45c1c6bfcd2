/**
 * Creates the player of a playback path, and defines the interface that all players share.
 *
 * @typedef {object} PlayerEvents
 * @property {() => void} picture  the first frame is on the screen
 * @property {() => void} moving   after a standby: a new frame is on the screen
 * @property {(reason: string, final: boolean) => void} broken this player has failed; `final`: it
 *   can never play the stream
 * @property {() => void} blocked  the browser plays only after a tap
 * @property {(width: number, height: number) => void} sized  the frame has this size from now on
 *
 * @typedef {object} PlayerStats
 * @property {number} behindLens   ms from the lens to this screen; NaN while unknown
 * @property {number} captureError ms, the largest error of behindLens
 * @property {boolean} captureEstimated  whether capture times are only estimates, because the
 *   publisher's clock is not known yet
 * @property {number} lag      ms behind the live edge
 * @property {number} target   target of `lag`, ms
 * @property {number} buffer   ms of buffered media
 * @property {number} jitter   ms, 95th percentile
 * @property {number} rate
 * @property {number} width
 * @property {number} height
 * @property {number} frames   number of frames shown since the start
 * @property {number} dropped  frames that the decoder or the compositor dropped
 * @property {number} stalls
 * @property {number} seeks
 * @property {number} firstPicture ms from navigation to the first frame; NaN before that frame
 * @property {number} [bitrate] bit/s of media that does not arrive by the WebSocket
 * @property {number} position     player time of the frame on the screen, ms; never decreases
 * @property {number} [mediaTime]  media time of the frame on the screen, ms; only of players that get
 *   the media by the WebSocket
 * @property {boolean} playing     whether new frames appear
 * @property {SoundStats} [sound]  if the player measures the audio and is not muted
 *
 * @typedef {object} SoundStats
 * @property {number} played  ms of audio played
 * @property {number} dry     number of times that the buffer ran dry
 * @property {number} buffer  ms decoded and not yet played
 * @property {number} jitter  ms, 95th percentile
 * @property {number} target  target of the distance behind the audio's live edge, ms
 * @property {number} latency latency of the audio output, ms
 * @property {number} lead    ms by which the frame is ahead of the audio
 *
 * @typedef {object} Player
 * @property {string} name
 * @property {string} stream   id of the stream; '' before the first hello
 * @property {HTMLVideoElement | HTMLCanvasElement} element  shows the frames and can be drawn from
 * @property {number} width    width of the frame in `element`; 0 before the first frame
 * @property {number} height
 * @property {boolean} muted   set this to false only in a user gesture
 * @property {(hello: import('./line/connection.js').Hello) => void} hello  a connection has opened
 * @property {(record: import('./line/record.js').MediaRecord, arrival: number) => void} record
 * @property {() => void} resume  continues after a tap, or when the page is visible again
 * @property {() => PlayerStats} stats
 * @property {(stream: WritableStream<VideoFrame> | null) => void} [mirror] writes a copy of each
 *   frame into the stream
 * @property {import('./line/room_connection.js').ConnectionLike} [connection] set if the player
 *   itself holds the room's connection; `record` is then never called
 * @property {boolean} [standby]  whether the player shows a still picture; only of players that get
 *   the media by the WebSocket
 * @property {() => void} close   `element` keeps its last frame, if the browser allows
 *
 * @typedef {object} PlayerOptions
 * @property {HTMLVideoElement} video  for players that need a video element
 * @property {import('./line/server_clock.js').ServerClock} clock
 * @property {import('./line/connection.js').Listener} listener for players that hold the connection
 * @property {PlayerEvents} events
 */
import { BROWSER } from '../page/environment.js';
import { MsePlayer } from './mse/mse_player.js';
import { startInPage, startWorker, workersDraw } from './webcodecs/start_backend.js';
import { WebCodecsPlayer } from './webcodecs/webcodecs_player.js';

/** Creates the players of one room. */
export class PlayerFactory {
  #room;
  #worker;
  #environment;
  #preload;
  #workersRun = workersDraw();

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string} options.worker  URL of the decoder's worker
   * @param {import('../boot/preload.js').Preload | null} [options.preload]
   * @param {Readonly<import('../page/environment.js').Environment>} [options.environment]
   */
  constructor({ room, worker, preload = null, environment = BROWSER }) {
    this.#room = room;
    this.#worker = worker;
    this.#environment = environment;
    this.#preload = preload && { ...preload };
  }

  /**
   * Creates a player. Players that few viewers need are loaded on demand: for such a player, this
   * method returns a promise.
   * @param {string} path a name of playback_paths.js
   * @param {PlayerOptions} options
   * @returns {Player | Promise<Player>}
   * @throws if the browser lacks what the player needs
   */
  make(path, { video, clock, listener, events }) {
    const environment = this.#environment;
    const room = this.#room;
    switch (path) {
      case 'webcodecs':
        return this.#webCodecs(listener, events);
      case 'mse':
        return new MsePlayer(video, clock, events, environment, this.#take('source'));
      case 'whep':
        return import('./whep/whep_player.js').then(
          ({ WhepPlayer }) => new WhepPlayer(room, video, clock, events, environment),
        );
      case 'hls':
        return import('./hls/hls_player.js').then(
          ({ HlsPlayer }) => new HlsPlayer(room, video, clock, events, environment),
        );
      default:
        throw new Error(`there is no player ${path}`);
    }
  }

  /**
   * @param {import('./line/connection.js').Listener} listener
   * @param {PlayerEvents} events
   */
  #webCodecs(listener, events) {
    const unusable = () => (this.#workersRun = false);
    const withBackend = (/** @type {import('./webcodecs/start_backend.js').Backend} */ backend) =>
      new WebCodecsPlayer(backend, listener, events, unusable, this.#environment);
    const backend = this.#take('backend') ?? (this.#workersRun ? startWorker(this.#worker) : null);
    return backend ? withBackend(backend) : startInPage().then(withBackend);
  }

  /**
   * Returns an object that the page has preloaded. Each object is returned only once.
   * @template {keyof import('../boot/preload.js').Preload} K
   * @param {K} name
   * @returns {import('../boot/preload.js').Preload[K] | null}
   */
  #take(name) {
    const taken = this.#preload?.[name] ?? null;
    if (this.#preload) this.#preload[name] = /** @type {any} */ (null);
    return taken;
  }
}
