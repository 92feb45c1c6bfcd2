/** Everything that runs while the creator is live, and what they see of it. `close()` undoes it all, without a word to the server. */
import { byId, setText, toast } from '../page/dom.js';
import * as api from '../api/rooms_api.js';
import { clockTime, headCount } from '../page/words.js';
import { Broadcast } from '../publish/broadcast.js';
import { claimOnlyTab } from '../publish/only_tab.js';
import { WakeLock } from '../publish/wake_lock.js';
import { HealthPanel } from './health_panel.js';

/**
 * @typedef {api.NewRoom & {since: number}} MyRoom  `since`: Unix seconds of going live
 *
 * @typedef {object} OnAirEvents
 * @property {(why: string) => void} over   the live has ended, for good
 * @property {() => void} elsewhere         another tab of this browser took it
 */

const AWAY_FOR = 3; // s that the server may say “away” while all looks well from here
const RENEW_EVERY = 10; // s

export class OnAir {
  /** Most viewers at a time. */
  peak = 0;
  #room;
  #panel;
  #notice;
  #events;
  #broadcast;
  #health = new HealthPanel();
  #wakeLock = new WakeLock();
  #letGo;
  #clock;
  #poll;
  #asking = false;
  #closed = false;
  #away = 0;
  #sinceRenewal = Infinity;
  /** @type {'connecting' | 'live' | 'lost'} */
  #link = 'connecting';
  #wasLive = false;

  /**
   * @param {MyRoom} room
   * @param {import('./camera_panel.js').CameraPanel} panel
   * @param {import('./notice.js').Notice} notice
   * @param {OnAirEvents} events
   */
  constructor(room, panel, notice, events) {
    this.#room = room;
    this.#panel = panel;
    this.#notice = notice;
    this.#events = events;
    this.#showLink('connecting');
    this.#letGo = claimOnlyTab(events.elsewhere);
    this.#broadcast = new Broadcast({ endpoint: room.whip, key: room.key, iceServers: room.ice_servers ?? [] }, panel.camera.stream, {
      state: (state) => this.#showLink(state),
      sample: (sample) => this.#health.tell({ sample, paused: panel.camera.paused, dark: panel.dark }),
      frozen: () => panel.camera.frozen(),
      full: (reason) => notice.say('link', `Waiting for the server: ${reason}`),
      over: ({ message }) => events.over(`The live ended: ${message}`),
    });
    this.#broadcast.start();
    this.#wakeLock.hold();
    this.#clock = window.setInterval(() => this.#showTime(), 500);
    this.#poll = window.setInterval(() => this.#ask(), 1_000);
    this.#showTime();
    this.#ask();
  }

  /** Seconds since going live. */
  get seconds() {
    return Date.now() / 1000 - this.#room.since;
  }

  /** @param {MediaStreamTrack} track took the place of one of its kind */
  replaceTrack(track) {
    return this.#broadcast.replaceTrack(track);
  }

  /** The network may be another one. */
  hurry() {
    this.#broadcast.hurry();
    if (this.#link === 'lost') this.#tellLoss();
  }

  close() {
    this.#closed = true;
    this.#broadcast.close();
    this.#letGo();
    this.#wakeLock.close();
    this.#health.close();
    clearInterval(this.#clock);
    clearInterval(this.#poll);
    this.#notice.say('link', '');
  }

  /** Ends the session on the server; `close` is still to be called. */
  end() {
    return this.#broadcast.end();
  }

  /** @param {'connecting' | 'live' | 'lost'} state */
  #showLink(state) {
    // The attempts after a loss are one loss to the creator, however many they are.
    this.#link = state === 'connecting' && this.#wasLive ? 'lost' : state;
    document.body.dataset.link = this.#link;
    this.#showBadge(false);
    this.#health.tell({ live: state === 'live', ...(state !== 'live' && { sample: null, ingest: null }) });
    if (this.#link === 'lost') return this.#tellLoss();
    this.#notice.say('link', '');
    if (state !== 'live') return;
    if (this.#wasLive) toast('You are back');
    this.#wasLive = true;
  }

  /** @param {boolean} away the server has nothing to show, whatever the connection says */
  #showBadge(away) {
    setText(byId('link-state'), away && this.#link === 'live' ? 'Away' : { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' }[this.#link]);
    byId('link-state').classList.toggle('away', away);
  }

  #tellLoss() {
    const text = navigator.onLine ? 'Connection lost. You come back by yourself: stay on this page.' : 'No network. You come back by yourself as soon as there is one.';
    this.#notice.say('link', text);
  }

  #showTime() {
    setText(byId('timer'), clockTime(this.seconds));
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const health = await api.roomHealth(this.#room.room, this.#room.key);
      if (!this.#closed) this.#hear(health);
    } catch (error) {
      const { status } = /** @type {api.ApiError} */ (error);
      if (this.#closed) return;
      if (status === 410) this.#events.over('The live has ended.');
      if (status === 404) this.#events.over('The server no longer knows this live.');
    } finally {
      this.#asking = false;
    }
  }

  /** @param {api.RoomHealth} health */
  #hear({ room, ingest, audience }) {
    this.peak = Math.max(this.peak, room.viewers);
    setText(byId('viewers'), headCount(room.viewers));
    this.#showBadge(room.state === 'away');
    this.#health.tell({ ingest, audience });
    // Nothing arrives although the way back is open: only a new connection helps. Not where it is the camera that gives nothing.
    this.#away = room.state === 'away' && this.#link === 'live' && !this.#panel.dark ? this.#away + 1 : 0;
    if (++this.#sinceRenewal < RENEW_EVERY || this.#away < AWAY_FOR) return;
    this.#sinceRenewal = 0;
    this.#broadcast.renew();
  }
}
