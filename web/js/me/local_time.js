/** Times for a field of the type `datetime-local`, on this browser's clock. */

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;

/**
 * Returns a time as the value of a field: "2026-11-28T20:00".
 * @param {Date} at
 */
export function localInput(at) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/**
 * Returns the start that the form suggests: a full hour, at least one hour from now.
 * @param {Date} now
 */
export function firstStart(now) {
  const start = new Date(now.getTime() + 2 * HOUR - MINUTE);
  start.setMinutes(0, 0, 0);
  return start;
}
