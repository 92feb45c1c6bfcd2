/**
 * The instant replay of one room: the viewer jumps back within the window of the live, pauses,
 * continues, and returns to the live. The live player goes on meanwhile, without sound and behind
 * the replay, so that the return takes no time. `close` releases everything.
 *
 * @typedef {import('./rewind_state.js').RewindState} RewindState
 * @typedef {import('./rewind_state.js').RewindEvent} RewindEvent
 *
 * @typedef {object} RewindEvents
 * @property {(active: boolean) => void} active  the replay begins or ends
 * @property {() => void} freeze  the viewer has paused the live, and its moment is not loaded yet
 * @property {(mediaTime: number) => void} playhead  µs, several times a second
 * @property {(taps: Record<string, number>, mediaTime: number) => void} taps  all viewers' taps in
 *   a second that the replay has reached
 * @property {(width: number, height: number) => void} sized
 * @property {(text: string) => void} notice
 *
 * @typedef {object} RewindOptions
 * @property {string} room
 * @property {HTMLElement} stage
 * @property {HTMLTemplateElement} template  the scrub bar
 * @property {() => number} liveTime  media time of the live picture, µs; NaN while unknown
 * @property {RewindEvents} events
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
import { request } from '../api/request.js';
import { roomPath } from '../api/room_api.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { heartCurve } from './heart_curve.js';
import { HlsReplay } from './hls_replay.js';
import { MseReplay, mimeOf } from './mse_replay.js';
import { ReplayWindow } from './replay_window.js';
import { nextRewindState, standsStill } from './rewind_state.js';
import { ScrubBar } from './scrub_bar.js';

const TICK = 250; // ms between two updates of the bar
const POLL = 1_500; // ms between two requests for the window
const NEAR = 2e6; // µs; a jump to a moment this near to the live edge leads back to the live
const CONTINUOUS = 3e6; // µs; a longer step of the playhead is a jump

export class Rewind {
  #room;
  #stage;
  #template;
  #liveTime;
  #events;
  #environment;
  /** @type {RewindState} */
  #state = 'live';
  #video;
  /** @type {import('./mse_replay.js').ReplayEngine | null} */
  #engine = null;
  /** @type {ScrubBar | null} */
  #bar = null;
  /** @type {ReplayWindow | null} */
  #window = null;
  #moment = NaN;
  #heartsUntil = NaN;
  #rebuilt = false;
  #polledAt = -Infinity;
  #polling = false;
  #ticker = 0;
  #muted = true;
  #hiddenWhile = false;
  #listening = new AbortController();

  /** @param {RewindOptions} options */
  constructor({ room, stage, template, liveTime, events, environment = BROWSER }) {
    this.#room = room;
    this.#stage = stage;
    this.#template = template;
    this.#liveTime = liveTime;
    this.#events = events;
    this.#environment = environment;
    this.#video = document.createElement('video');
    this.#video.className = 'rewound';
    this.#video.playsInline = true;
    this.#video.disablePictureInPicture = true;
    this.#video.hidden = true;
    this.#video.ariaLabel = t('room.rewind_bar');
    const { signal } = this.#listening;
    this.#video.addEventListener('resize', () => this.#sized(), { signal });
    document.addEventListener('visibilitychange', () => this.#followVisibility(), { signal });
  }

  /** Whether the viewer has jumped back, and has not returned to the live. */
  get active() {
    return this.#state !== 'live';
  }

  /** Media time of the moment on the screen, µs. */
  get mediaTime() {
    const shown = this.#engine?.mediaTime ?? NaN;
    return Number.isNaN(shown) ? this.#moment : shown;
  }

  /** @param {boolean} muted */
  set muted(muted) {
    this.#muted = this.#video.muted = muted;
  }

  /**
   * Jumps by a number of seconds from the moment on the screen; -Infinity: to the earliest moment.
   * @param {number} seconds
   */
  jump(seconds) {
    if (!this.active && seconds >= 0) return;
    const from = this.active ? this.mediaTime : this.#liveMoment;
    this.#go(from + seconds * 1e6, 'jump');
  }

  /** Pauses, or continues from the moment at which the viewer has paused. */
  toggle() {
    if (!this.active) {
      this.#events.freeze();
      return this.#go(this.#liveMoment, 'pause');
    }
    // The replay begins a few seconds behind the live: after a short pause, only the live goes on.
    if (this.#state === 'holding' && this.#video.hidden) return this.leave();
    this.#handle(standsStill(this.#state) ? 'resume' : 'pause');
    this.#follow();
  }

  /** Returns to the live. */
  leave() {
    if (!this.active) return;
    this.#handle('leave');
    this.#environment.clearInterval(this.#ticker);
    this.#engine?.close();
    this.#engine = null;
    this.#window = null;
    this.#bar?.close();
    this.#bar = null;
    this.#video.hidden = true;
    this.#video.remove();
    delete this.#stage.dataset.rewind;
    this.#events.active(false);
  }

  close() {
    this.leave();
    this.#listening.abort();
  }

  get #liveMoment() {
    const moment = this.#liveTime();
    return Number.isNaN(moment) ? Infinity : moment;
  }

  /**
   * @param {number} moment  µs; outside of the window: the nearest moment
   * @param {'jump' | 'pause'} event
   */
  #go(moment, event) {
    const edge = this.#window?.edge(this.#environment.now()) ?? Infinity;
    if (this.active && moment > edge - NEAR) return this.leave();
    if (!this.active) this.#begin();
    this.#moment = this.#window ? this.#window.clamp(moment) : moment;
    this.#heartsUntil = this.#moment;
    this.#handle(event);
    this.#engine?.seek(this.#moment);
    this.#follow();
    this.#tick();
  }

  #begin() {
    this.#rebuilt = false;
    this.#stage.dataset.rewind = 'on';
    this.#video.muted = this.#muted;
    // Directly before the shade: above the live picture, and below the controls.
    this.#stage.querySelector('.shade')?.before(this.#video);
    this.#bar = new ScrubBar(this.#stage, this.#template, {
      scrub: (behind) => this.#scrub(behind),
      jump: (seconds) => this.jump(seconds),
      toggle: () => this.toggle(),
      leave: () => this.leave(),
    });
    this.#ticker = this.#environment.setInterval(() => this.#tick(), TICK);
    this.#polledAt = -Infinity;
    this.#events.active(true);
  }

  /** @param {number} behind  s */
  #scrub(behind) {
    const edge = this.#window?.edge(this.#environment.now()) ?? NaN;
    this.#go(edge - behind * 1e6, 'jump');
  }

  /** @param {RewindEvent} event */
  #handle(event) {
    this.#state = nextRewindState(this.#state, event);
  }

  /** Makes the engine play or pause, depending on the state. */
  #follow() {
    if (!this.#engine) return;
    if (standsStill(this.#state)) this.#engine.pause();
    else this.#engine.play();
  }

  #tick() {
    void this.#poll();
    const window = this.#window;
    if (!window || !this.#bar) return;
    const now = this.#environment.now();
    const [edge, moment] = [window.edge(now), this.mediaTime];
    this.#moment = moment;
    const earliest = Math.max(window.start, this.#engine?.earliest || 0);
    this.#bar.show({
      length: (edge - earliest) / 1e6,
      behind: (edge - moment) / 1e6,
      paused: standsStill(this.#state),
      waiting: this.#state === 'seeking' || this.#state === 'holding',
    });
    this.#events.playhead(moment);
    this.#replayTaps(window, moment);
  }

  /**
   * @param {ReplayWindow} window
   * @param {number} moment
   */
  #replayTaps(window, moment) {
    const from = this.#heartsUntil;
    this.#heartsUntil = moment;
    if (this.#state !== 'playing' || moment <= from || moment - from > CONTINUOUS) return;
    for (const { second, emoji } of window.heartsBetween(from, moment))
      this.#events.taps(emoji, second * 1e6);
  }

  /** Requests the window again from time to time, because it moves. */
  async #poll() {
    const now = this.#environment.now();
    if (this.#polling || now - this.#polledAt < POLL) return;
    this.#polling = true;
    this.#polledAt = now;
    try {
      const answer = await request(`${roomPath(this.#room)}/window`, {}, this.#environment);
      if (this.active) this.#take(new ReplayWindow(answer, this.#environment.now()));
    } catch (error) {
      if (this.active && !this.#window) this.#fail(/** @type {Error} */ (error).message);
    } finally {
      this.#polling = false;
    }
  }

  /** @param {ReplayWindow} window */
  #take(window) {
    const first = !this.#window;
    // Media time has begun again, so the moment on the screen does not exist in the new window.
    if (this.#window && this.#window.stream !== window.stream) return this.leave();
    this.#window = window;
    const edge = window.edge(this.#environment.now());
    if (this.#bar) this.#bar.curve = heartCurve(window.hearts, window.start, edge);
    if (first) this.#start(window);
    this.#engine?.take(window);
    this.#tick();
  }

  /** @param {ReplayWindow} window */
  #start(window) {
    // The moment of a pause is newer than the window, and will soon be in it.
    const edge = window.edge(this.#environment.now());
    this.#moment = Math.min(Math.max(this.#moment, window.start), edge);
    this.#heartsUntil = this.#moment;
    this.#engine = this.#makeEngine(window);
    if (!this.#engine) return this.#fail(t('room.no_replay'));
    this.#engine.take(window);
    this.#engine.seek(this.#moment);
    this.#follow();
  }

  /** @param {ReplayWindow} window */
  #makeEngine(window) {
    const segment = window.keyFor(this.#moment);
    const events = {
      shown: () => this.#shown(),
      starved: () => this.#handle('starved'),
      blocked: () => this.#handle('pause'),
      broken: (/** @type {string} */ reason) => this.#broken(reason),
    };
    if (segment && mimeOf(window.codecsOf(segment)))
      return new MseReplay(
        this.#video,
        (wanted, signal) => this.#load(wanted, signal),
        events,
        this.#environment,
      );
    if (!this.#video.canPlayType('application/vnd.apple.mpegurl')) return null;
    const url = `/hls/${encodeURIComponent(this.#room)}/index.m3u8`;
    return new HlsReplay(this.#video, url, events, this.#environment);
  }

  /**
   * @param {import('./replay_window.js').Segment} segment
   * @param {AbortSignal} signal
   * @returns {Promise<ArrayBuffer | null>}
   */
  async #load(segment, signal) {
    const url = `${roomPath(this.#room)}/window/${segment.start}`;
    const answer = await this.#environment.fetch(url, { signal });
    if (answer.status === 404 || answer.status === 410) return null;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.arrayBuffer();
  }

  #shown() {
    this.#handle('shown');
    if (!this.#video.hidden) return;
    this.#video.hidden = false;
    this.#sized();
  }

  #sized() {
    const { videoWidth, videoHeight, hidden } = this.#video;
    if (!hidden && videoWidth) this.#events.sized(videoWidth, videoHeight);
  }

  /**
   * Makes another engine at the same moment, for example because the creator has added audio. A
   * second failure leads back to the live.
   * @param {string} reason
   */
  #broken(reason) {
    console.warn(`replay: ${reason}`);
    const window = this.#window;
    if (this.#rebuilt || !window) return this.#fail(t('room.no_replay'));
    this.#rebuilt = true;
    this.#moment = this.mediaTime;
    this.#engine?.close();
    this.#start(window);
  }

  /** @param {string} text */
  #fail(text) {
    this.#events.notice(text);
    this.leave();
  }

  /** Pauses the replay while the page is hidden. */
  #followVisibility() {
    if (document.hidden && this.active && !standsStill(this.#state)) {
      this.#hiddenWhile = true;
      this.toggle();
    } else if (!document.hidden && this.#hiddenWhile) {
      this.#hiddenWhile = false;
      if (this.active && standsStill(this.#state)) this.toggle();
    }
  }
}
