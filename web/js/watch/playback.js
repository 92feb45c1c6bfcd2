/**
 * The playback of a room: creates the player, replaces a failed player, and changes the playback
 * path when the ladder decides so. The visible frame, the mute state and the connection survive
 * every replacement. This module uses no DOM.
 */
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { watchUrl } from './line/watch_url.js';
import { KIND } from './line/record.js';
import { NOTHING } from './timing/player_stats.js';
import { LIMIT, Watchdog } from './watchdog.js';

/**
 * @typedef {import('./player.js').Player} Player
 *
 * @typedef {object} PlaybackEvents
 * @property {() => void} picture  a player shows its first frame
 * @property {() => void} moving  after a standby: a new frame is on the screen
 * @property {() => void} blocked  the browser plays only after a tap
 * @property {(reason: string) => void} hopeless  no player of this browser can play the stream
 *
 * @typedef {Pick<import('../room/viewport.js').Viewport, 'video' | 'show' | 'drop' | 'hold' |
 *   'release' | 'resize'>} Screen
 */

const CHECK_EVERY = 1_000; // ms
const MAX_EARLY = 1_500; // maximum number of waiting records: about half a minute of media
const REBUILD_WAIT = 1_500; // ms until the next attempt after two failures within REBUILD_SPAN
const REBUILD_SPAN = 5_000; // ms

export class Playback {
  rebuilds = 0;
  #room;
  #ladder;
  #connection;
  #viewport;
  #players;
  #events;
  #environment;
  /** @type {Player | null} */
  #player = null;
  /**
   * Sequence number of the latest call of `start`. Players and reports from earlier calls are
   * ignored.
   */
  #start = 0;
  #muted = true;
  #standby = false;
  #begun = false;
  /** Whether no new frame has been on the screen since the last standby. */
  #still = false;
  #closed = false;
  #rebuiltAt = -Infinity;
  #stalls = 0;
  #watchdog = new Watchdog();
  #awaitsTap = false;
  #expecting;
  #isHidden;
  #checker;
  #restart = 0;
  /** @type {import('./line/connection.js').Hello | null} */
  #hello = null;
  /**
   * Records that arrived while a player was loading.
   * @type {[import('./line/record.js').MediaRecord, number][]}
   */
  #early = [];

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {import('./ladder.js').Ladder} options.ladder
   * @param {import('./line/room_connection.js').RoomConnection} options.connection
   * @param {Screen} options.viewport
   * @param {Pick<import('./player.js').PlayerFactory, 'make'>} options.players
   * @param {() => boolean} options.expecting  whether the server should be sending new frames
   * @param {() => boolean} [options.isHidden]  whether the page is hidden
   * @param {PlaybackEvents} options.events
   * @param {Readonly<import('../page/environment.js').Environment>} [options.environment]
   */
  constructor({
    room,
    ladder,
    connection,
    viewport,
    players,
    expecting,
    isHidden = () => document.hidden,
    events,
    environment = BROWSER,
  }) {
    this.#room = room;
    this.#ladder = ladder;
    this.#connection = connection;
    this.#viewport = viewport;
    this.#players = players;
    this.#expecting = expecting;
    this.#isHidden = isHidden;
    this.#events = events;
    this.#environment = environment;
    this.#checker = environment.setInterval(() => this.#check(environment.now()), CHECK_EVERY);
  }

  get player() {
    return this.#player;
  }

  get muted() {
    return this.#muted;
  }

  /** Whether playback is muted. Set this to false only in a user gesture. */
  set muted(muted) {
    this.#muted = muted;
    if (this.#player) this.#player.muted = muted || this.#standby;
  }

  /**
   * Whether the room is on standby, in which playback is muted. A player that gets the media by the
   * WebSocket stays and may show keyframes. Any other player is closed, and its last frame stays
   * visible.
   */
  get standby() {
    return this.#standby;
  }

  set standby(standby) {
    if (standby === this.#standby || this.#closed) return;
    this.#standby = standby;
    this.#still = true;
    const stays = this.#ladder.transport === 'websocket';
    if (!standby && !(stays && this.#begun)) this.start();
    else if (!stays) this.#release();
    else if (standby) this.#silence();
    else this.#continue();
  }

  /** @param {import('./line/connection.js').Hello} hello */
  hello(hello) {
    this.#hello = hello;
    this.#early = [];
    // Another stream has another clock, so the old player cannot play the new stream.
    if (this.#player?.stream && this.#player.stream !== hello.stream) {
      this.#replace();
      this.#connection.begin();
    }
    this.#player?.hello(hello);
  }

  /**
   * @param {import('./line/record.js').MediaRecord} record
   * @param {number} arrival
   */
  record(record, arrival) {
    if (this.#player) return this.#player.record(record, arrival);
    this.#early.push([record, arrival]);
    // A player that takes this long to load starts at the next keyframe.
    if (this.#early.length > MAX_EARLY)
      this.#early = this.#early.filter(([{ kind }]) => kind === KIND.INIT).slice(-2);
  }

  resume() {
    if (this.#standby) return;
    this.#awaitsTap = false;
    this.#player?.resume();
  }

  /** @returns {import('./player.js').PlayerStats} */
  stats() {
    return this.#player?.stats() ?? NOTHING;
  }

  close() {
    this.#closed = true;
    this.#environment.clearInterval(this.#checker);
    this.#environment.clearTimeout(this.#restart);
    this.#player?.close();
  }

  /**
   * Avoids the WebSocket paths. Call this if the network blocks WebSockets although the server
   * answers.
   */
  blocked() {
    if (this.#ladder.blocked(this.#environment.now(), 'websocket')) this.#changePath();
  }

  /**
   * Changes to another path. Call this if the server has closed the connection permanently because
   * the current player cannot decode the stream. Another player may be able to decode the stream.
   */
  undecodable() {
    if (!this.#ladder.broke(this.#environment.now(), 'it has no decoder for this live', true)) {
      return this.#events.hopeless(t('room.no_decoder'));
    }
    this.#connection.close();
    this.#changePath();
    this.#connection.open();
  }

  /**
   * Creates the player of the path that the ladder has chosen. If this fails, creates the player of
   * a worse path.
   */
  start() {
    const start = ++this.#start;
    this.#begun = true;
    const { name, supported, transport } = this.#ladder;
    if (!supported) return this.#events.hopeless(t('room.no_player', { name }));
    if (this.#standby && transport !== 'websocket') return;
    try {
      const { clock, listener } = this.#connection;
      const made = this.#players.make(name, {
        video: this.#viewport.video,
        clock,
        listener,
        events: this.#listen(start),
      });
      if (made instanceof Promise) void this.#await(start, made);
      else this.#take(start, made);
    } catch (error) {
      this.#broke(/** @type {Error} */ (error).message, true);
    }
  }

  /**
   * @param {number} start
   * @param {Promise<Player>} loading
   */
  async #await(start, loading) {
    try {
      if (this.#take(start, await loading)) this.#connection.begin();
    } catch (error) {
      if (start === this.#start) this.#broke(/** @type {Error} */ (error).message, false);
    }
  }

  /**
   * @param {number} start
   * @param {Player} player
   * @returns {boolean} whether the player is in use from now on
   */
  #take(start, player) {
    // The player was loaded too late: the room is closed, or another player has been started.
    if (this.#closed || start !== this.#start) {
      player.close();
      return false;
    }
    this.#player = player;
    this.#connection.take(player.connection ?? null);
    this.#stalls = 0;
    this.#viewport.show(player);
    this.#rest();
    if (!this.#muted && !this.#standby) player.muted = false;
    // A player with its own connection gets its own hello.
    if (this.#hello && !player.connection) player.hello(this.#hello);
    for (const [record, arrival] of this.#early.splice(0)) player.record(record, arrival);
    return true;
  }

  /**
   * @param {number} start
   * @returns {import('./player.js').PlayerEvents}
   */
  #listen(start) {
    // A player that was replaced may still report.
    const current = () => !this.#closed && start === this.#start;
    return {
      picture: () => {
        if (!current()) return;
        this.#viewport.release();
        this.#events.picture();
        this.#moves();
      },
      moving: () => current() && this.#moves(),
      sized: (width, height) => current() && this.#viewport.resize(width, height),
      broken: (reason, final) => current() && this.#broke(reason, final),
      blocked: () => {
        if (!current()) return;
        this.#awaitsTap = true;
        this.#events.blocked();
      },
    };
  }

  #replace() {
    this.#release();
    this.start();
  }

  /** Closes the player. Its last frame stays visible. */
  #release() {
    this.#start++;
    this.#viewport.hold();
    this.#player?.close();
    this.#player = null;
    this.#viewport.drop();
    this.#connection.take(null);
  }

  #moves() {
    if (this.#standby || !this.#still) return;
    this.#still = false;
    this.#events.moving();
  }

  #silence() {
    this.muted = this.#muted;
    this.#rest();
  }

  #continue() {
    this.#rest();
    this.muted = this.#muted;
    this.resume();
  }

  #rest() {
    if (this.#player) this.#player.standby = this.#standby;
  }

  /**
   * Creates the player of the path that the ladder has chosen, and connects again for this path.
   */
  #changePath() {
    this.#connection.url = watchUrl(this.#room, this.#ladder.name);
    this.#replace();
    this.#connection.restart();
  }

  /**
   * @param {string} reason
   * @param {boolean} final
   */
  #broke(reason, final) {
    if (this.#closed) return;
    console.warn(`player: ${reason}`);
    const now = this.#environment.now();
    if (this.#ladder.broke(now, reason, final)) return this.#changePath();
    if (final) return this.#events.hopeless(t('room.broken', { reason }));
    this.rebuilds++;
    const wait = now - this.#rebuiltAt < REBUILD_SPAN ? REBUILD_WAIT : 0;
    this.#rebuiltAt = now;
    const held = this.#player?.connection !== undefined;
    this.#replace();
    this.#environment.clearTimeout(this.#restart);
    this.#restart = this.#environment.setTimeout(() => {
      // If a player that will hold the connection is still loading, that player opens the
      // connection.
      if (this.#player || !held) this.#connection.restart();
    }, wait);
  }

  /** @param {number} now */
  #check(now) {
    const { stalls, playing, frames } = this.stats();
    const bytes = this.#ladder.transport === 'websocket' ? this.#connection.bytes : NaN;
    const hidden = this.#isHidden();
    const expected = !this.#awaitsTap && !hidden && this.#expecting();
    if (this.#watchdog.stalled(now, frames, bytes, expected))
      return this.#broke(`no new picture for ${LIMIT / 1_000} s`, false);
    const more = stalls - this.#stalls;
    this.#stalls = stalls;
    for (let n = 0; n < more; n++) if (this.#ladder.stalled(now)) return this.#changePath();
    if (!hidden && playing && this.#ladder.recovered(now)) this.#changePath();
  }
}
