/** The highlights of a replay: buttons that lead to the highlights, and marks on the scrub bar. */
import { byId } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

export class ReplayChapters {
  /**
   * @param {readonly number[]} times  times in the replay at which the highlights begin, s
   * @param {number} duration  of the replay, s
   * @param {(seconds: number) => void} seek
   */
  constructor(times, duration, seek) {
    const ordered = [...times].sort((a, b) => a - b);
    byId('chapters').hidden = !ordered.length;
    byId('chapters').replaceChildren(...ordered.map((time) => buttonOf(time, seek)));
    byId('marks').replaceChildren(...ordered.map((time) => markOf(time / (duration || 1))));
  }
}

/**
 * @param {number} time
 * @param {(seconds: number) => void} seek
 */
function buttonOf(time, seek) {
  const button = element('button', 'chapter', clockTime(time));
  button.type = 'button';
  button.setAttribute('aria-label', t('replay.highlight', { time: clockTime(time) }));
  button.addEventListener('click', () => seek(time));
  return button;
}

/** @param {number} share  of the replay */
function markOf(share) {
  const mark = element('i');
  mark.style.left = `${share * 100}%`;
  return mark;
}
