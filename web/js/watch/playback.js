/**
 * The player in its place: made, shown, replaced when it breaks, and exchanged for another by the ladder. What plays may change; the picture, the
 * sound's state and the line stay.
 */
import { firstSource, watchUrl } from '../boot/first_socket.js';
import { makePlayer } from './player.js';
import { NOTHING } from './player_stats.js';
import { KIND } from './line/record.js';
import { STANDS, Watchdog } from './watchdog.js';

/**
 * @typedef {object} PlaybackEvents
 * @property {() => void} picture  a picture is on the screen, the first or the first of another player
 * @property {() => void} blocked  the browser wants a tap before it plays
 * @property {(reason: string) => void} hopeless  nothing here plays this
 */

const LOOK = 1_000; // ms
const EARLY = 1_500; // records; half a minute
const HARMLESS = 5_000; // ms; a player that breaks again sooner must not hammer the server

export class Playback {
  rebuilds = 0;
  #room;
  #ladder;
  #line;
  #stage;
  #events;
  #video;
  /** @type {import('./player.js').Player | null} */
  #player = null;
  #place;
  #muted = true;
  #over = false;
  #rebuiltAt = -Infinity;
  #stalls = 0;
  #watchdog = new Watchdog();
  #awaitsTap = false;
  #expecting;
  #looker;
  /** @type {import('./line/connection.js').Hello | null} */
  #hello = null;
  /** @type {[import('./line/record.js').MediaRecord, number][]} what came while a player was being fetched */
  #early = [];

  /**
   * @param {object} parts
   * @param {string} parts.room
   * @param {import('./ladder.js').Ladder} parts.ladder
   * @param {import('./line/line.js').Line} parts.line
   * @param {HTMLVideoElement} parts.placeholder  in the document
   * @param {() => import('../room/stage.js').Stage} parts.stage
   * @param {() => boolean} parts.expecting  whether there should be new pictures, for all that the server tells
   * @param {PlaybackEvents} parts.events
   */
  constructor({ room, ladder, line, placeholder, stage, expecting, events }) {
    this.#room = room;
    this.#ladder = ladder;
    this.#line = line;
    this.#stage = stage;
    this.#expecting = expecting;
    this.#events = events;
    this.#place = /** @type {HTMLVideoElement | HTMLCanvasElement} */ (placeholder);
    this.#video = adopt(placeholder);
    this.#looker = self.setInterval(() => this.#look(performance.now()), LOOK);
  }

  /** What is shown; a placeholder until there is a player. */
  get picture() {
    return this.#player ?? { element: this.#place, width: 0, height: 0 };
  }

  get player() {
    return this.#player;
  }

  get muted() {
    return this.#muted;
  }

  /** To be set to false in a user's tap. */
  set muted(muted) {
    this.#muted = muted;
    if (this.#player) this.#player.muted = muted;
  }

  /** @param {import('./line/connection.js').Hello} hello */
  hello(hello) {
    this.#hello = hello;
    this.#early = [];
    // Another stream has another clock: nothing of what the old player holds fits.
    if (this.#player?.stream && this.#player.stream !== hello.stream) {
      this.#replace();
      this.#line.begin();
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
    // A player that takes so long to come begins with the next key frame.
    if (this.#early.length > EARLY) this.#early = this.#early.filter(([{ kind }]) => kind === KIND.INIT).slice(-2);
  }

  resume() {
    this.#awaitsTap = false;
    this.#player?.resume();
  }

  /** @returns {import('./player.js').PlayerStats} of nothing yet, while there is no player */
  stats() {
    return this.#player?.stats() ?? NOTHING;
  }

  close() {
    this.#over = true;
    self.clearInterval(this.#looker);
    this.#player?.close();
  }

  /** The connection's transport does not get through, though the server is there. */
  blocked() {
    if (this.#ladder.blocked(performance.now(), 'websocket')) this.#exchange();
  }

  /** The server has nothing that the player in use decodes, and has hung up for good: another one may. */
  undecodable() {
    if (!this.#ladder.broke(performance.now(), 'it has no decoder for this live', true)) return this.#events.hopeless('It has no decoder for the picture. Try another browser.');
    this.#line.close();
    this.#exchange();
    this.#line.open();
  }

  /** Makes the ladder's player, or steps down until one can be made. */
  start() {
    const { name, able } = this.#ladder;
    if (!able) return this.#events.hopeless(`The player “${name}” is not for this browser, or not for pages without HTTPS.`);
    try {
      const { clock, listener } = this.#line;
      const made = makePlayer(name, { video: this.#video, clock, listener, events: this.#listen(name) });
      if (made instanceof Promise) made.then((player) => this.#takeLate(name, player)).catch((error) => name === this.#ladder.name && this.#broke(error.message, false));
      else this.#take(name, made);
    } catch (error) {
      this.#broke(/** @type {Error} */ (error).message, true);
    }
  }

  /**
   * @param {string} name
   * @param {import('./player.js').Player} player
   */
  #take(name, player) {
    // Fetched too late: the room is over, or another is wanted by now.
    if (this.#over || name !== this.#ladder.name) return player.close();
    this.#player = player;
    this.#line.take(player.connection ?? null);
    this.#stalls = 0;
    this.#show(player.element);
    if (!this.#muted) player.muted = false;
    // One with a connection of its own gets a hello of its own.
    if (this.#hello && !player.connection) player.hello(this.#hello);
    for (const [record, arrival] of this.#early.splice(0)) player.record(record, arrival);
  }

  /**
   * @param {string} name
   * @param {import('./player.js').Player} player
   */
  #takeLate(name, player) {
    this.#take(name, player);
    this.#line.begin();
  }

  /** @param {HTMLVideoElement | HTMLCanvasElement} element */
  #show(element) {
    if (element === this.#place) return;
    if (element instanceof HTMLCanvasElement) {
      element.className = 'screen';
      element.dataset.testid = 'canvas';
      element.role = 'img';
      element.ariaLabel = this.#place.ariaLabel;
    }
    this.#place.replaceWith(element);
    this.#place = element;
  }

  /**
   * @param {string} name
   * @returns {import('./player.js').PlayerEvents}
   */
  #listen(name) {
    // A player that was exchanged has nothing more to say.
    const current = () => !this.#over && this.#player?.name === name;
    return {
      picture: () => {
        this.#stage().release();
        this.#events.picture();
      },
      sized: (width, height) => this.#stage().resize(width, height),
      broken: (reason, final) => current() && this.#broke(reason, final),
      blocked: () => {
        this.#awaitsTap = true;
        this.#events.blocked();
      },
    };
  }

  #replace() {
    this.#stage().hold();
    this.#player?.close();
    this.#player = null;
    this.#line.take(null);
    this.start();
  }

  /** Another rung: another player, and the server is told. */
  #exchange() {
    this.#line.url = watchUrl(this.#room, this.#ladder.name);
    this.#replace();
    this.#line.restart();
  }

  /**
   * @param {string} reason
   * @param {boolean} final
   */
  #broke(reason, final) {
    console.warn(`player: ${reason}`);
    const now = performance.now();
    if (this.#ladder.broke(now, reason, final)) return this.#exchange();
    if (final) return this.#events.hopeless(reason);
    this.rebuilds++;
    const wait = now - this.#rebuiltAt < HARMLESS ? 1_500 : 0;
    this.#rebuiltAt = now;
    this.#replace();
    self.setTimeout(() => this.#line.restart(), wait);
  }

  /** @param {number} now */
  #look(now) {
    const { stalls, playing, frames } = this.stats();
    const bytes = this.#ladder.transport === 'websocket' ? this.#line.bytes : NaN;
    const expected = !this.#awaitsTap && !document.hidden && this.#expecting();
    if (this.#watchdog.barks(now, frames, bytes, expected)) return this.#broke(`no new picture for ${STANDS / 1_000} s`, false);
    const more = stalls - this.#stalls;
    this.#stalls = stalls;
    for (let n = 0; n < more; n++) if (this.#ladder.stalled(now)) return this.#exchange();
    if (!document.hidden && playing && this.#ladder.recovered(now)) this.#exchange();
  }
}

/**
 * The element whose source is opening already, with all that the one in the document has.
 * @param {HTMLVideoElement} placeholder
 */
function adopt(placeholder) {
  if (!firstSource) return placeholder;
  for (const { name, value } of placeholder.attributes) firstSource.video.setAttribute(name, value);
  return firstSource.video;
}
