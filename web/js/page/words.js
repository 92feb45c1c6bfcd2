/** Formats numbers for the pages. */

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
 * Formats a number of people: 999 → "999", 1200 → "1.2K".
 * @param {number} count
 */
export function headCount(count) {
  return count < 1000
    ? String(count)
    : new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}
