/**
 * Runs everything that is needed while the creator is live: the broadcast, the health figures and
 * the display in the studio. `close()` stops all of these and sends no request to the server.
 */
import { byId, setText, toast } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import * as api from '../api/rooms_api.js';
import { clockTime, headCount } from '../page/words.js';
import { Broadcast } from '../publish/broadcast.js';
import { HealthPoll } from '../publish/health_poll.js';
import { claimOnlyTab } from '../publish/only_tab.js';
import { WakeLock } from '../publish/wake_lock.js';
import { HealthPanel } from './health_panel.js';

/**
 * @typedef {api.NewRoom & {since: number, visibility?: api.Visibility}} MyRoom  `since`: time at
 *   which the creator went live, Unix seconds
 * @typedef {import('../publish/broadcast_state.js').State} State
 * @typedef {import('../publish/whip.js').WhipError} WhipError
 * @typedef {'connecting' | 'live' | 'lost'} Link
 *
 * @typedef {object} OnAirListener
 * @property {(why: string) => void} over   the room has ended permanently
 * @property {() => void} elsewhere         another tab of this browser has started to publish
 * @property {(moment: import('../api/live_api.js').Moment | null) => void} [moment]  the best moment
 *   so far, while the server offers it; called once a second
 */

/**
 * @type {Readonly<Record<State, Link>>} the state that the creator sees, by the state of the
 *   broadcast
 */
const LINKS = Object.freeze({
  idle: 'connecting',
  connecting: 'connecting',
  waiting: 'connecting',
  live: 'live',
  doubted: 'live',
  disconnected: 'live',
  lost: 'lost',
  reconnecting: 'lost',
  closed: 'lost',
});
const BADGES = Object.freeze({
  connecting: 'studio.connecting',
  live: 'site.live',
  lost: 'studio.reconnecting',
});

// Number of successive health answers with the state "away" after which a session is replaced
// although it seems to work.
const AWAY_FOR = 3;
const RENEW_EVERY = 10; // s
const SHOW_EVERY = 500; // ms

export class OnAir {
  /** Maximum number of simultaneous viewers so far. */
  peak = 0;
  #room;
  #panel;
  #notice;
  #environment;
  #broadcast;
  #health = new HealthPanel();
  #wakeLock = new WakeLock();
  #offer;
  #release;
  #ticker;
  #poll;
  #away = 0;
  #renewedAt = -Infinity;
  /** @type {Link} */
  #link = 'connecting';
  /**
   * @type {{text: string, until: number} | null} why the creator is off air; `until`: time of the
   *   next attempt, ms
   */
  #problem = null;

  /**
   * @param {MyRoom} room
   * @param {import('./camera_panel.js').CameraPanel} panel
   * @param {import('./notice.js').Notice} notice
   * @param {OnAirListener} listener
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(room, panel, notice, listener, environment = BROWSER) {
    this.#room = room;
    this.#panel = panel;
    this.#notice = notice;
    this.#environment = environment;
    this.#offer = listener.moment;
    this.#showLink(false);
    this.#release = claimOnlyTab(listener.elsewhere);
    this.#broadcast = new Broadcast(
      { endpoint: room.whip, key: room.key, iceServers: room.ice_servers ?? [] },
      panel.camera.stream,
      {
        state: (state, before) => this.#changed(state, before),
        sample: (sample) =>
          this.#health.update({
            sample,
            paused: panel.camera.paused,
            cameraLost: panel.cameraLost,
          }),
        frozen: () => panel.camera.reportFrozen(),
        refused: (error, wait) => this.#setProblem(error.message, wait),
        over: (error) => listener.over(t('studio.over_refused', { reason: error.message })),
      },
      environment,
    );
    this.#broadcast.start();
    this.#wakeLock.hold();
    this.#ticker = environment.setInterval(() => this.#tick(), SHOW_EVERY);
    this.#poll = new HealthPoll(
      () => api.roomHealth(room.room, room.key, environment),
      (health) => this.#heard(health),
      listener.over,
      environment,
    );
    this.#tick();
  }

  /** Time since the creator went live, s. */
  get seconds() {
    return this.#environment.date() / 1_000 - this.#room.since;
  }

  /** @param {MediaStreamTrack} track published instead of the current track of the same kind */
  replaceTrack(track) {
    return this.#broadcast.replaceTrack(track);
  }

  /** Tells the broadcast that the browser has reported a network change, and updates the notice. */
  networkChanged() {
    const counting = (this.#problem?.until ?? 0) > this.#environment.now();
    if (this.#link === 'lost' && !counting) this.#setProblem(lossText());
    this.#broadcast.networkChanged();
  }

  /** Moves the broadcast to another server, while it goes on. */
  move() {
    this.#broadcast.move();
  }

  close() {
    this.#broadcast.close();
    this.#poll.close();
    this.#release();
    this.#wakeLock.close();
    this.#health.close();
    this.#environment.clearInterval(this.#ticker);
    this.#notice.say('link', '');
  }

  /** Ends the session on the server. Call `close` afterwards. */
  end() {
    return this.#broadcast.end();
  }

  /**
   * @param {State} state
   * @param {State} before
   */
  #changed(state, before) {
    if (state === 'closed') return;
    const link = LINKS[state];
    const live = link === 'live';
    if (link !== this.#link) {
      this.#link = link;
      this.#showLink(false);
      this.#health.update({ live, ...(!live && { sample: null, ingest: null }) });
    }
    if (live) this.#setProblem('');
    else if (state === 'lost') this.#setProblem(lossText());
    else if (state === 'waiting') this.#setProblem(t('studio.no_server'));
    if (live && before === 'reconnecting') toast(t('studio.live_again'));
  }

  /**
   * @param {boolean} away whether the server has no media to show, even if the connection works
   */
  #showLink(away) {
    const badge = byId('link-state');
    document.body.dataset.link = this.#link;
    setText(badge, t(away && this.#link === 'live' ? 'site.away' : BADGES[this.#link]));
    badge.classList.toggle('away', away);
  }

  /**
   * @param {string} text '' for none
   * @param {number} [wait] ms until the next attempt
   */
  #setProblem(text, wait = 0) {
    this.#problem = text ? { text, until: this.#environment.now() + wait } : null;
    this.#showProblem();
  }

  #showProblem() {
    const { text = '', until = 0 } = this.#problem ?? {};
    this.#notice.say('link', text, {
      countdown: Math.max(0, Math.ceil((until - this.#environment.now()) / 1_000)),
    });
  }

  #tick() {
    setText(byId('timer'), clockTime(this.seconds));
    if (this.#problem?.until) this.#showProblem();
  }

  /** @param {api.RoomHealth} health */
  #heard({ room, ingest, audience, highlight = null }) {
    this.#offer?.(highlight);
    this.peak = Math.max(this.peak, room.viewers);
    setText(byId('viewers'), headCount(room.viewers));
    this.#showLink(room.state === 'away');
    this.#health.update({ ingest, audience });
    this.#away =
      room.state === 'away' && this.#link === 'live' && !this.#panel.cameraLost
        ? this.#away + 1
        : 0;
    const now = this.#environment.now();
    if (this.#away < AWAY_FOR || now - this.#renewedAt < RENEW_EVERY * 1_000) return;
    // The server receives no media although the connection works in both directions. Only a new
    // session helps.
    this.#renewedAt = now;
    this.#broadcast.renew();
  }
}

function lossText() {
  return navigator.onLine ? t('studio.lost') : t('studio.no_network');
}
