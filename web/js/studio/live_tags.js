/** The tags of a live are part of its title. */

/**
 * Returns the words of a text with tags: "#sky, seoul" → ["sky", "seoul"].
 * @param {string} text
 */
export function tagWords(text) {
  return text.split(/[\s,#＃、]+/u).filter(Boolean);
}

/**
 * Returns the title with those of the tags that it lacks: "Sunset" with "sky" → "Sunset #sky".
 * @param {string} title
 * @param {string} tags
 */
export function withTags(title, tags) {
  const present = new Set(
    title
      .split(/\s+/)
      .filter((word) => /^[#＃]/.test(word))
      .flatMap(tagWords)
      .map(keyOf),
  );
  const missing = tagWords(tags).filter((word) => {
    const isNew = !present.has(keyOf(word));
    present.add(keyOf(word));
    return isNew;
  });
  return [title, ...missing.map((word) => `#${word}`)].filter(Boolean).join(' ');
}

/** @param {string} word */
const keyOf = (word) => word.normalize('NFKC').toLowerCase();
