/**
 * Shows the messages and the floating hearts of a clip in time with its video. If the reader prefers
 * reduced motion, only the number of hearts is shown. `close` releases everything.
 */
import { isEmoji } from '../hearts/emoji.js';
import { HeartCanvas } from '../hearts/heart_canvas.js';
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { headCount } from '../page/words.js';

/** @typedef {import('./clip_timeline.js').ClipTimeline} ClipTimeline */

const DRAWN = 8; // maximum number of hearts that are drawn for one emoji in one second
const SPREAD = 900; // ms over which the hearts of one second appear
const STEP = 2; // s; a greater step of the video is a jump

export class Moment {
  #video;
  #timeline;
  #start;
  #isHidden;
  #canvas = new HeartCanvas(byId('hearts'));
  #chat = byId('chat');
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {Map<import('../api/timeline_api.js').SaidThen, HTMLElement>} */
  #rows = new Map();
  #before = 0; // s of the video
  #listening = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {ClipTimeline} timeline
   * @param {number} start  media time at which the video begins, µs
   * @param {(person: string) => boolean} isHidden  whether the reader hides this person
   */
  constructor(video, timeline, start, isHidden) {
    this.#video = video;
    this.#timeline = timeline;
    this.#start = start;
    this.#isHidden = isHidden;
    const { taps } = timeline;
    byId('taps').hidden = !taps;
    byId('taps').setAttribute('aria-label', t('clip_page.hearts', { count: taps }));
    setText(byId('tap-count'), headCount(taps));
    const { signal } = this.#listening;
    for (const type of ['timeupdate', 'seeked'])
      video.addEventListener(type, () => this.#show(), { signal });
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#canvas.close();
    this.#chat.replaceChildren();
  }

  #show() {
    const now = this.#video.currentTime;
    this.#showMessages(this.#start + now * 1e6);
    const passed = now - this.#before;
    // The video has begun again, or the viewer has moved the position.
    const from = passed < 0 || passed > STEP ? now : this.#before;
    this.#before = now;
    if (this.#video.paused || this.#still.matches) return;
    for (const [emoji, count] of this.#timeline.tapsBetween(
      this.#start + from * 1e6,
      this.#start + now * 1e6,
    ))
      if (isEmoji(emoji)) this.#float(emoji, Math.min(count, DRAWN));
  }

  /** @param {number} time  media time, µs */
  #showMessages(time) {
    const messages = this.#timeline
      .messagesAt(time)
      .filter(({ person }) => !this.#isHidden(person));
    for (const [message, row] of this.#rows) {
      if (messages.includes(message)) continue;
      row.remove();
      this.#rows.delete(message);
    }
    messages.forEach((message, n) => {
      const row = this.#rows.get(message) ?? rowOf(message);
      this.#rows.set(message, row);
      const there = this.#chat.children[n] ?? null;
      if (there !== row) this.#chat.insertBefore(row, there);
    });
  }

  /**
   * @param {string} emoji
   * @param {number} count
   */
  #float(emoji, count) {
    const { left, bottom, width, height } = this.#video.getBoundingClientRect();
    const [x, y] = [left + width * 0.84, bottom - height * 0.34];
    for (let n = 0; n < count; n++)
      this.#canvas.add(emoji, x + (Math.random() - 0.5) * 30, y, (SPREAD / count) * n);
  }
}

/** @param {import('../api/timeline_api.js').SaidThen} message */
function rowOf({ name, colour, body }) {
  const row = element('p', 'said');
  row.dataset.colour = String(colour);
  row.append(element('bdi', 'name', name), ' ', element('bdi', '', body));
  return row;
}
