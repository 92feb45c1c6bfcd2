/** Derives a handle from a name. Pure. */

const LONGEST = 24; // characters

/**
 * Returns a handle that resembles the name, without spaces and other characters that handles do not
 * allow. Another person may already have this handle.
 * @param {string} name
 */
export function suggestedHandle(name) {
  const text = name
    .trim()
    .replace(/\s+/gu, '_')
    .replace(/[^\p{L}\p{N}\p{M}\p{So}\p{Sk}\u200d\ufe0f._-]/gu, '');
  const letters = 'Segmenter' in Intl ? [...new Intl.Segmenter().segment(text)] : [];
  return letters.length > LONGEST
    ? letters
        .slice(0, LONGEST)
        .map(({ segment }) => segment)
        .join('')
    : text;
}
