/** Formats durations, dates and numbers for the pages. */
import { language, shortNumber } from './strings.js';

/**
 * Formats a duration: 65 → "1:05", 3700 → "1:01:40".
 * @param {number} seconds
 */
export function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(m).padStart(h ? 2 : 1, '0')}:${String(s).padStart(2, '0')}`;
  return h ? `${h}:${tail}` : tail;
}

/**
 * Formats a number of people: 999 → "999", 12000 → "12K" or "1.2만".
 * @param {number} count
 */
export const headCount = (count) => shortNumber(count);

/**
 * Formats a date with its time of day, in the page's language.
 * @param {number} at ms since 1970
 */
export function dateOf(at) {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).format(
    at,
  );
}

/**
 * Formats a day: "Nov 27", "11월 27일".
 * @param {number} at ms since 1970
 */
export function dayOf(at) {
  return new Intl.DateTimeFormat(language(), { month: 'short', day: 'numeric' }).format(at);
}

/**
 * Formats the time of day: "3:04 PM", "오후 3:04".
 * @param {number} at ms since 1970
 */
export function timeOfDay(at) {
  return new Intl.DateTimeFormat(language(), { timeStyle: 'short' }).format(at);
}
