/**
 * Shows the messages and the floating hearts of the visible moment of a clip or a replay. If the
 * reader prefers reduced motion, no hearts float. `close` releases everything.
 *
 * @typedef {import('../api/timeline_api.js').SaidThen} SaidThen
 *
 * @typedef {object} MomentTimeline  what people wrote and tapped, by media time in µs
 * @property {(time: number) => SaidThen[]} messagesAt
 * @property {(after: number, time: number) => [string, number][]} tapsBetween
 * @property {(time: number) => Promise<boolean>} [prepare]  loads what is missing around a time;
 *   the result says whether something was loaded
 *
 * @typedef {object} MomentOptions
 * @property {HTMLVideoElement} video
 * @property {(seconds: number) => number} mediaTime  media time of a position of the video, µs
 * @property {MomentTimeline} timeline
 * @property {(person: string) => boolean} isHidden  whether the reader hides this person
 * @property {(message: SaidThen) => HTMLElement} rowOf
 * @property {readonly [right: number, down: number]} origin  where the hearts begin, in parts of
 *   the video's width and height
 */
import { isEmoji } from '../hearts/emoji.js';
import { HeartCanvas } from '../hearts/heart_canvas.js';
import { byId } from '../page/dom.js';

const DRAWN = 8; // maximum number of hearts that are drawn for one emoji in one second
const SPREAD = 900; // ms over which the hearts of one second appear
const STEP = 4_000_000; // µs; a larger step of the media time is a jump

export class Moment {
  #options;
  #canvas = new HeartCanvas(byId('hearts'));
  #chat = byId('chat');
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {Map<SaidThen, HTMLElement>} */
  #rows = new Map();
  #before = 0; // media time, µs
  #listening = new AbortController();

  /** @param {MomentOptions} options */
  constructor(options) {
    this.#options = options;
    const { signal } = this.#listening;
    for (const type of ['timeupdate', 'seeked'])
      options.video.addEventListener(type, () => this.show(), { signal });
    this.show();
  }

  close() {
    this.#listening.abort();
    this.#canvas.close();
    this.#chat.replaceChildren();
  }

  /** Shows the messages and hearts of the visible frame. */
  show() {
    const { video, mediaTime, timeline } = this.#options;
    const time = mediaTime(video.currentTime);
    this.#showMessages(time);
    this.#showTaps(time);
    timeline.prepare?.(time).then((loaded) => {
      if (loaded && !this.#listening.signal.aborted) this.show();
    });
  }

  /** @param {number} time */
  #showMessages(time) {
    const { timeline, isHidden, rowOf } = this.#options;
    const messages = timeline.messagesAt(time).filter(({ person }) => !isHidden(person));
    const wanted = new Set(messages);
    for (const [message, row] of this.#rows) {
      if (wanted.has(message)) continue;
      row.remove();
      this.#rows.delete(message);
    }
    let added = false;
    messages.forEach((message, n) => {
      const row = this.#rows.get(message) ?? rowOf(message);
      this.#rows.set(message, row);
      if (this.#chat.children[n] === row) return;
      this.#chat.insertBefore(row, this.#chat.children[n] ?? null);
      added = true;
    });
    if (added) this.#chat.scrollTop = this.#chat.scrollHeight;
  }

  /** @param {number} time */
  #showTaps(time) {
    const passed = time - this.#before;
    const from = passed < 0 || passed > STEP ? time : this.#before;
    this.#before = time;
    if (this.#options.video.paused || this.#still.matches) return;
    for (const [emoji, count] of this.#options.timeline.tapsBetween(from, time))
      if (isEmoji(emoji)) this.#float(emoji, Math.min(count, DRAWN));
  }

  /**
   * @param {string} emoji
   * @param {number} count
   */
  #float(emoji, count) {
    const { left, top, width, height } = this.#options.video.getBoundingClientRect();
    const [right, down] = this.#options.origin;
    const [x, y] = [left + width * right, top + height * down];
    for (let n = 0; n < count; n++)
      this.#canvas.add(emoji, x + (Math.random() - 0.5) * 30, y, (SPREAD / count) * n);
  }
}
