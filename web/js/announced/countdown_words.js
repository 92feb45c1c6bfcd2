/** Words for the time until an announced live begins. */
import { language, t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

const DAY = 86_400; // s

/**
 * Returns the time until a start: "in 3 days", "in 1:05:12", or that the live is about to begin.
 * @param {number} seconds  until the start; negative after it
 */
export function untilStart(seconds) {
  if (seconds <= 0) return t('announced.soon');
  if (seconds < DAY) return t('announced.in', { time: clockTime(Math.ceil(seconds)) });
  return new Intl.RelativeTimeFormat(language()).format(Math.floor(seconds / DAY), 'day');
}

/**
 * Formats the start of a live in the zone of the reader: "Sat, Nov 28, 8:00 PM GMT+9".
 * @param {number} at  Unix seconds
 */
export function startOf(at) {
  return new Intl.DateTimeFormat(language(), {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at * 1_000);
}
