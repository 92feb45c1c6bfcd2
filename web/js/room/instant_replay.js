/**
 * The instant replay of a room's page: loads its modules when the viewer first jumps back, and gives
 * the sound either to the replay or to the live player.
 *
 * @typedef {import('../rewind/rewind.js').Rewind} Rewind
 *
 * @typedef {object} ReplayListener
 * @property {(active: boolean) => void} active
 * @property {() => void} freeze  the viewer has paused the live: keep its picture
 * @property {(mediaTime: number) => void} playhead  µs; NaN at the live
 * @property {(event: object) => void} event  an event of the room that belongs to the replayed moment
 * @property {(width: number, height: number) => void} sized
 * @property {(text: string) => void} notice
 *
 * @typedef {object} InstantReplayOptions
 * @property {string} room
 * @property {HTMLElement} root
 * @property {() => number} liveTime  media time of the live picture, µs
 * @property {(muted: boolean) => void} mute  turns the sound of the live player off or on
 * @property {ReplayListener} listener
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 */
import { byId } from '../page/dom.js';
import { lateModules } from './late_modules.js';

export class InstantReplay {
  #options;
  /** @type {Rewind | null} */
  #rewind = null;
  #muted = true;
  #leaves = 0;
  #closed = false;

  /** @param {InstantReplayOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get active() {
    return this.#rewind?.active ?? false;
  }

  /** Media time of the replayed moment, µs; NaN at the live. */
  get mediaTime() {
    return this.active ? (this.#rewind?.mediaTime ?? NaN) : NaN;
  }

  get muted() {
    return this.#muted;
  }

  /** Whether the viewer has turned the sound off. Set this to false only in a user gesture. */
  set muted(muted) {
    this.#muted = muted;
    if (this.#rewind) this.#rewind.muted = muted;
    this.#options.mute(muted || this.active);
  }

  /** @param {number} seconds */
  async jump(seconds) {
    (await this.#enter())?.jump(seconds);
  }

  async toggle() {
    (await this.#enter())?.toggle();
  }

  leave() {
    this.#leaves++;
    this.#rewind?.leave();
  }

  close() {
    this.#closed = true;
    this.#rewind?.close();
  }

  /** @returns {Promise<Rewind | null>} null if the viewer has left the replay meanwhile */
  async #enter() {
    const leaves = this.#leaves;
    const rewind = await this.#load();
    return leaves === this.#leaves ? rewind : null;
  }

  /** @returns {Promise<Rewind | null>} null once this object is closed */
  async #load() {
    const [{ Rewind }] = await lateModules.rewind();
    if (this.#closed) return null;
    this.#rewind ??= this.#make(Rewind);
    return this.#rewind;
  }

  /** @param {typeof import('../rewind/rewind.js').Rewind} Class */
  #make(Class) {
    const { room, root, liveTime, listener, environment } = this.#options;
    const rewind = new Class({
      ...{ room, stage: root, liveTime, environment },
      template: /** @type {HTMLTemplateElement} */ (byId('rewind-bar')),
      events: {
        active: (active) => this.#became(active),
        freeze: listener.freeze,
        playhead: listener.playhead,
        taps: (taps, mediaTime) => listener.event({ type: 'tally', taps, media_time: mediaTime }),
        sized: listener.sized,
        notice: listener.notice,
      },
    });
    rewind.muted = this.#muted;
    return rewind;
  }

  /** @param {boolean} active */
  #became(active) {
    const { mute, listener } = this.#options;
    mute(this.#muted || active);
    listener.active(active);
    if (!active) listener.playhead(NaN);
  }
}
