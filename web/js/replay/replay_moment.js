/**
 * Shows the messages and the floating hearts of the visible moment. If the reader prefers reduced
 * motion, no hearts float. `close` releases everything.
 */
import { isEmoji } from '../hearts/emoji.js';
import { HeartCanvas } from '../hearts/heart_canvas.js';
import { byId } from '../page/dom.js';
import { element } from '../page/element.js';
import { hasText, t } from '../page/strings.js';
import { showAvatar } from '../people/avatar.js';

/**
 * @typedef {import('./replay_timeline.js').ReplayTimeline} ReplayTimeline
 * @typedef {import('./replay_timeline.js').SaidThen} SaidThen
 */

const DRAWN = 8; // maximum number of hearts that are drawn for one emoji in one second
const SPREAD = 900; // ms over which the hearts of one second appear
const STEP = 4_000_000; // µs; a larger step of the media time is a jump

export class ReplayMoment {
  #video;
  #clock;
  #timeline;
  #isHidden;
  #canvas = new HeartCanvas(byId('hearts'));
  #chat = byId('chat');
  #still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {Map<SaidThen, HTMLElement>} */
  #rows = new Map();
  #before = 0; // media time, µs
  #listening = new AbortController();

  /**
   * @param {HTMLVideoElement} video
   * @param {import('./replay_clock.js').ReplayClock} clock
   * @param {ReplayTimeline} timeline
   * @param {(person: string) => boolean} isHidden  whether the reader hides this person
   */
  constructor(video, clock, timeline, isHidden) {
    this.#video = video;
    this.#clock = clock;
    this.#timeline = timeline;
    this.#isHidden = isHidden;
    const { signal } = this.#listening;
    for (const type of ['timeupdate', 'seeked'])
      video.addEventListener(type, () => this.show(), { signal });
    this.show();
  }

  close() {
    this.#listening.abort();
    this.#canvas.close();
    this.#chat.replaceChildren();
  }

  /** Shows the messages and hearts of the visible frame. */
  show() {
    const time = this.#clock.mediaTime(this.#video.currentTime);
    this.#showMessages(time);
    this.#showTaps(time);
    this.#timeline.prepare(time).then((loaded) => {
      if (loaded && !this.#listening.signal.aborted) this.show();
    });
  }

  /** @param {number} time */
  #showMessages(time) {
    const messages = this.#timeline
      .messagesAt(time)
      .filter(({ person }) => !this.#isHidden(person));
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
    if (this.#video.paused || this.#still.matches) return;
    for (const [emoji, count] of this.#timeline.tapsBetween(from, time))
      if (isEmoji(emoji)) this.#float(emoji, Math.min(count, DRAWN));
  }

  /**
   * @param {string} emoji
   * @param {number} count
   */
  #float(emoji, count) {
    const { left, bottom, width, height } = this.#video.getBoundingClientRect();
    const [x, y] = [left + width * 0.86, bottom - height * 0.26];
    for (let n = 0; n < count; n++)
      this.#canvas.add(emoji, x + (Math.random() - 0.5) * 30, y, (SPREAD / count) * n);
  }
}

/** @param {SaidThen} message */
function rowOf({ name, colour, body, role }) {
  const row = element('li', 'said');
  row.dataset.colour = String(colour);
  const shown = name || t('chat.role.creator');
  const text = element('p');
  text.append(element('bdi', 'name', shown), ' ');
  const key = `chat.role.${role}`;
  if (name && hasText(key)) text.append(element('span', 'role', t(key)), ' ');
  text.append(element('bdi', '', body));
  row.append(showAvatar(element('span', 'avatar'), { name: shown, colour }), text);
  return row;
}
