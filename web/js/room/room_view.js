/**
 * A room as a viewer sees it: plays its stream and reconnects until the room ends. A page may
 * contain several RoomViews, each in its own element with the parts of room.html (`data-part`).
 * `close` releases everything.
 *
 * On standby (option `standby`, methods `play` and `hold`), a room shows a still picture and gets
 * only events. `root` has the class `held` while the room is on standby.
 *
 * @typedef {import('./room_state.js').RoomState} RoomState
 * @typedef {import('./room_options.js').RoomOptions} RoomOptions
 */
import { partOf, setText } from '../page/dom.js';
import { savesData } from '../page/data_saver.js';
import { BROWSER } from '../page/environment.js';
import { refusalOfClose, wordsFor } from '../page/refusals.js';
import { t } from '../page/strings.js';
import { headCount } from '../page/words.js';
import { Ladder } from '../watch/ladder.js';
import { Beacon } from '../watch/line/beacon.js';
import { KIND } from '../watch/line/record.js';
import { RoomConnection } from '../watch/line/room_connection.js';
import { watchUrl } from '../watch/line/watch_url.js';
import { Playback } from '../watch/playback.js';
import { PlayerFactory } from '../watch/player.js';
import { BitrateMeter } from './bitrate_meter.js';
import { Controls } from './controls.js';
import { canFillScreen, toggleFullScreen } from './full_screen.js';
import { lateModules, loadLateModules } from './late_modules.js';
import { InstantReplay } from './instant_replay.js';
import { LostNotice } from './lost_notice.js';
import { EventLine } from './event_line.js';
import { FloatingWindow } from './floating_window.js';
import { RoomLink } from './room_link.js';
import { CARDS, isOver, nextRoomState } from './room_state.js';
import { ScreenClock } from './screen_clock.js';
import { StatsToggle } from './stats_toggle.js';
import { Viewport } from './viewport.js';

const SETTLED = 300; // time after the first frame in which the rest of the burst is decoded, ms
const BACK = 10; // s; jump of the button that begins an instant replay
const [BANNED, ENDED] = [4403, 4410]; // close codes of the WebSocket

export class RoomView {
  #room;
  #root;
  #events;
  #environment;
  #ladder;
  #connection;
  /** @type {Playback} */
  #playback;
  #viewport;
  /** @type {Controls} */
  #controls;
  /** @type {LostNotice} */
  #lost;
  #replay;
  #bitrate;
  #beacon = new Beacon();
  /** @type {RoomState} */
  #state = 'connecting';
  #closed = false;
  #viewers = 0;
  #pace = { pace: 'full', dropped: 0 };
  #settle = 0;
  #stream = '';
  #thrifty;
  #stats;
  #window;
  #eventLine;
  #screenClock = new ScreenClock();
  #link;

  /** @param {RoomOptions} options */
  constructor({
    room,
    root,
    worker,
    player = null,
    preload = null,
    events = {},
    standby = false,
    poster = null,
    thrifty = savesData(),
    environment = BROWSER,
  }) {
    this.#room = room;
    this.#root = root;
    this.#events = events;
    this.#environment = environment;
    this.#thrifty = thrifty;
    root.classList.toggle('held', standby);
    this.#ladder = new Ladder(self, player);
    this.#connection = new RoomConnection(
      watchUrl(room, this.#ladder.name),
      this.#connectionListener(),
      environment,
    );
    this.#eventLine = new EventLine(
      room,
      this.#connection,
      {
        event: (event) => this.#handleEvent(event),
        over: (code) => code === 'room_ended' && this.#enter('ended'),
        lag: () => this.#playback.stats().lag,
        quality: () => this.#beacon.read(this.#ladder.name, this.#playback.stats()),
      },
      environment,
    );
    this.#viewport = new Viewport(root, preload?.source?.video, environment);
    this.#playback = this.#makePlayback(new PlayerFactory({ room, worker, preload, environment }));
    this.#lost = new LostNotice(root, () => this.#playback.stats().playing, environment);
    this.#replay = this.#makeReplay();
    this.#controls = this.#makeControls();
    this.#bitrate = new BitrateMeter(() => this.#connection.bytes, environment);
    this.#stats = new StatsToggle(root, () => this.stats(), environment);
    this.#window = this.#makeWindow();
    this.#link = this.#makeLink();
    if (poster) void this.#viewport.poster(poster).then((shown) => shown && events.ready?.());
    this.#playback.standby = this.#connection.standby = standby;
    if (standby) this.#eventLine.suspend();
    if (!standby || !thrifty) this.#playback.start();
    this.#link.open(preload?.socket ?? null);
    if (this.#ladder.unknown) environment.setTimeout(() => this.#tellOfPlayer(), 0);
  }

  get state() {
    return this.#state;
  }

  stats() {
    const { rebuilds } = this.#playback;
    const { muted } = this.#replay;
    const { name: player, why } = this.#ladder;
    const { pace, dropped: leftOut } = this.#pace;
    return {
      ...{
        bitrate: this.#bitrate.value,
        ...this.#playback.stats(),
        player,
        why,
        muted,
        state: this.#state,
      },
      ...{
        viewers: this.#viewers,
        pace,
        leftOut,
        reconnects: this.#connection.reconnects,
        rebuilds,
      },
    };
  }

  /** Whether the room is on standby. */
  get held() {
    return this.#root.classList.contains('held');
  }

  /**
   * Ends the standby: the picture moves as soon as the media since the last keyframe has arrived.
   * The picture of the standby stays visible until then. The sound is as before the standby. Does
   * nothing if the room is not on standby.
   */
  play() {
    if (!this.held || this.#closed || isOver(this.#state)) return;
    this.#root.classList.remove('held');
    this.#pace = { pace: 'full', dropped: 0 };
    this.#connection.standby = false;
    this.#playback.standby = false;
    if (this.#thrifty) this.#link.connect();
    else this.#eventLine.resume();
  }

  /**
   * Begins the standby: the last frame stays visible, and the sound is off. Ends an instant replay.
   * Does nothing if the room is on standby.
   */
  hold() {
    if (this.held || this.#closed || isOver(this.#state)) return;
    this.#root.classList.add('held');
    this.#replay.leave();
    this.#lost.end();
    this.#playback.standby = true;
    this.#connection.standby = true;
    if (this.#thrifty) this.#link.disconnect();
    else this.#eventLine.suspend();
  }

  /**
   * Whether the viewer has turned the sound off. On standby, the sound is off, and this value applies
   * from `play` on. Set this to false only after the viewer has allowed sound by a gesture.
   */
  get muted() {
    return this.#replay.muted;
  }

  set muted(muted) {
    this.#controls.mute(muted);
  }

  /** Media time of the frame on the screen, µs; NaN while unknown. */
  get mediaTime() {
    const replayed = this.#replay.mediaTime;
    return Number.isNaN(replayed) ? this.#liveTime : replayed;
  }

  get #liveTime() {
    const stats = this.#playback.stats();
    const position = stats.mediaTime ?? stats.position;
    const shown = { ...stats, position, player: this.#ladder.name };
    return this.#screenClock.read(this.#environment.now(), shown);
  }

  /**
   * Sends a notice to the room. A notice that cannot be sent now is dropped.
   * @param {object} notice
   */
  send(notice) {
    this.#eventLine.send(notice);
  }

  /** Whether the viewer watches an instant replay. */
  get replaying() {
    return this.#replay.active;
  }

  /**
   * Jumps back in the live, or ahead within the instant replay.
   * @param {number} seconds
   */
  jump(seconds) {
    void this.#replay.jump(seconds);
  }

  /** Pauses the picture, or continues from where it was paused. */
  togglePaused() {
    void this.#replay.toggle();
  }

  /** Ends the instant replay. */
  backToLive() {
    this.#replay.leave();
  }

  toggleMuted() {
    this.#controls.toggleMuted();
  }

  /** Hides everything but the picture, or shows it again. */
  toggleFold() {
    this.#controls.fold();
  }

  toggleFullScreen() {
    toggleFullScreen(this.#root, this.#viewport.picture.element);
  }

  toggleStats() {
    return this.#stats.toggle();
  }

  /** Ends the playback and the connection. The last frame stays in `root`. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#link.close();
    this.#environment.clearTimeout(this.#settle);
    this.#window.close();
    this.#stats.close();
    this.#bitrate.close();
    this.#controls.close();
    this.#viewport.close();
  }

  #tellOfPlayer() {
    const { unknown, name } = this.#ladder;
    this.#events.notice?.(t('room.unknown_player', { name: unknown ?? '', player: name }));
  }

  /** @param {PlayerFactory} players */
  #makePlayback(players) {
    return new Playback({
      ...{
        room: this.#room,
        ladder: this.#ladder,
        connection: this.#connection,
        viewport: this.#viewport,
      },
      ...{ players, environment: this.#environment },
      // A viewer that is too slow for the whole video may get no frames, so do not expect any.
      expecting: () =>
        this.#state === 'live' && this.#pace.pace === 'full' && !this.#lost.shown && !this.held,
      events: {
        picture: () => this.#shown(),
        moving: () => {
          this.#events.moving?.();
          this.#settleSoon();
        },
        blocked: () => this.#controls.askForTap(),
        hopeless: (reason) => this.#fail(t('room.unplayable'), reason),
      },
    });
  }

  #makeReplay() {
    return new InstantReplay({
      ...{ room: this.#room, root: this.#root, environment: this.#environment },
      liveTime: () => this.#liveTime,
      mute: (muted) => (this.#playback.muted = muted),
      listener: {
        active: (active) => !active && this.#viewport.release(),
        freeze: () => this.#viewport.hold(),
        playhead: (mediaTime) => this.#events.playhead?.(mediaTime),
        event: (event) => this.#events.event?.(event),
        sized: (width, height) => this.#viewport.resize(width, height),
        notice: (text) => this.#events.notice?.(text),
      },
    });
  }

  #makeWindow() {
    return new FloatingWindow(() => this.#playback.player, {
      // If the page is hidden, it stayed connected only because of the picture-in-picture window.
      closed: () => document.hidden && this.#link.follow(),
      notice: (text) => this.#events.notice?.(text),
    });
  }

  #makeControls() {
    const controls = new Controls(
      this.#root,
      {
        mute: (muted) => (this.#replay.muted = muted),
        rewind: () => this.jump(-BACK),
        play: () => this.#playback.resume(),
        share: () => this.#events.share?.(),
        pictureInPicture: () => void this.#window.toggle(),
        fullScreen: () => this.toggleFullScreen(),
        stats: () => void this.toggleStats(),
        heart: (x, y) => this.#events.doubleTap?.(x, y),
        folded: () => this.#viewport.fit(),
      },
      this.#environment,
    );
    controls.fullScreen = this.#canFillScreen;
    return controls;
  }

  /** @returns {import('../watch/line/connection.js').Listener} */
  #connectionListener() {
    return {
      hello: (hello) => {
        this.#lost.end();
        if (hello.stream !== this.#stream) this.#screenClock.reset();
        this.#stream = hello.stream;
        this.#eventLine.hello(hello);
        if (this.#connection.reconnects) this.#events.connected?.();
        this.#pace = { pace: 'full', dropped: 0 };
        this.#playback.hello(hello);
        if (!document.hidden && this.#playback.stats().frames) this.#playback.resume();
      },
      record: (record, arrival) => {
        if (record.kind === KIND.EVENT) {
          this.#screenClock.addEdge(arrival, record.mediaTime);
          this.#eventLine.record(record);
        } else this.#playback.record(record, arrival);
      },
      pace: (pace) => (this.#pace = pace),
      down: () => this.held || this.#lost.begin(),
      quality: () => this.#beacon.read(this.#ladder.name, this.#playback.stats()),
      failing: () => void this.#askWhy(),
      over: (code, reason) => this.#over(code, reason),
    };
  }

  #makeLink() {
    return new RoomLink({
      ...{ connection: this.#connection, events: this.#eventLine },
      over: () => isOver(this.#state),
      idle: () => this.held && this.#thrifty,
      held: () => this.held,
      seen: () => this.#window.open,
      resumed: () => this.#playback.resume(),
    });
  }

  /** Handles the first frame of a player. */
  #shown() {
    this.#events.ready?.();
    this.#root.classList.add('playing');
    this.#controls.fullScreen = this.#canFillScreen;
    this.#window.follow();
    if (!this.held) this.#settleSoon();
  }

  #settleSoon() {
    this.#environment.clearTimeout(this.#settle);
    this.#settle = this.#environment.setTimeout(() => {
      loadLateModules();
      this.#events.settled?.();
    }, SETTLED);
  }

  get #canFillScreen() {
    return canFillScreen(this.#root, this.#viewport.picture.element);
  }

  /** @param {{type: string, state?: RoomState, title?: string, viewers?: number} | null} event */
  #handleEvent(event) {
    if (!event || this.#closed) return;
    // During an instant replay, the taps are those of the replayed moment. On standby, the hearts
    // would be drawn unseen.
    if (event.type === 'tally' && (this.#replay.active || this.held)) return;
    if (event.type !== 'room' && event.type !== 'presence') return this.#events.event?.(event);
    this.#viewers = event.viewers ?? this.#viewers;
    setText(partOf(this.#root, 'viewers'), headCount(this.#viewers));
    if (event.title) {
      setText(partOf(this.#root, 'title'), event.title);
      this.#events.title?.(event.title);
    }
    if (event.state) this.#enter(event.state);
  }

  /** @param {RoomState} next */
  #enter(next) {
    if (isOver(this.#state) || this.#closed) return;
    this.#state = nextRoomState(this.#state, next);
    if (next !== 'live') this.#events.ready?.();
    this.#root.dataset.state = next;
    this.#events.state?.(next);
    this.#connection.lively = next === 'live';
    for (const name of CARDS) partOf(this.#root, `card-${name}`).hidden = name !== next;
    if (isOver(next)) this.#stop();
  }

  #stop() {
    this.#replay.close();
    this.#lost.close();
    this.#viewport.hold();
    this.#connection.close();
    this.#eventLine.close();
    this.#playback.close();
  }

  /**
   * @param {string} heading
   * @param {string} text
   */
  #fail(heading, text) {
    setText(partOf(this.#root, 'sorry-heading'), heading);
    setText(partOf(this.#root, 'sorry-text'), text);
    this.#enter('sorry');
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #over(code, reason) {
    const refusal = refusalOfClose(reason);
    if (code === ENDED || refusal.code === 'room_ended') this.#enter('ended');
    else if (code === BANNED) this.#fail(t('room.no_access'), refusal.text);
    else this.#playback.undecodable();
  }

  /** Asks the HTTP API why the WebSocket was refused, because browsers do not report the reason. */
  async #askWhy() {
    try {
      const { roomInfo } = await lateModules.api();
      const { state } = await roomInfo(this.#room, this.#environment);
      if (this.#closed) return;
      if (state === 'ended') return this.#enter('ended');
      this.#playback.blocked();
      await this.#eventLine.listenWithoutWebSocket();
    } catch (error) {
      const { status, code = '' } = /** @type {{status?: number, code?: string}} */ (error);
      if (status === 404) this.#fail(t('room.no_room'), wordsFor(code || 'room_not_found'));
      else if (status === 403) this.#fail(t('room.no_access'), wordsFor(code));
    }
  }
}
