/**
 * The texts of the page in the reader's language. The server puts the table of these texts into the
 * page (server/site/strings.py), from web/strings/LANGUAGE.json.
 *
 * A text may contain values: `{name}`. A number is shown as the language writes it: 12000 becomes
 * "12K" or "1.2만". A text in Korean may contain a particle that depends on the value: `{name:이가}`.
 * A text that depends on a number is an object of plural categories (Intl.PluralRules), and `count`
 * is the number.
 *
 * @typedef {string | {[category: string]: string}} Text
 * @typedef {{[key: string]: Text | Table}} Table
 * @typedef {Readonly<Record<string, string | number>>} Values
 */
import { withParticle } from './particles.js';

/** @type {{language: string, table: Table} | null} */
let current = null;

/**
 * Uses this table instead of the table in the document.
 * @param {string} language  'en' or 'ko'
 * @param {Table} table
 */
export function useStrings(language, table) {
  current = { language, table };
}

/** The language of the page's texts, a BCP 47 tag. */
export function language() {
  return strings().language;
}

/**
 * Returns the text of a key, such as `room.share`, with its values.
 * @param {string} key
 * @param {Values} [values]
 * @throws {Error} if the table has no such text
 */
export function t(key, values = {}) {
  const text = find(key);
  if (text === undefined) throw new Error(`there is no text ${key}`);
  return fill(chosen(text, values), values);
}

/**
 * Whether there is a text for this key.
 * @param {string} key
 */
export function hasText(key) {
  return find(key) !== undefined;
}

/**
 * Formats a number for the page's language. Shortens each number from 1,000 on: "1.2K", "1.2천".
 * @param {number} value
 */
export function shortNumber(value) {
  return new Intl.NumberFormat(language(), {
    notation: Math.abs(value) < 1_000 ? 'standard' : 'compact',
    maximumFractionDigits: 1,
  }).format(value);
}

/** @returns {{language: string, table: Table}} */
function strings() {
  if (current) return current;
  const element = globalThis.document?.getElementById('strings');
  if (!element) return { language: globalThis.document?.documentElement?.lang || 'en', table: {} };
  current = {
    language: document.documentElement.lang,
    table: JSON.parse(element.textContent ?? '{}'),
  };
  return current;
}

/**
 * @param {string} key
 * @returns {Text | undefined}
 */
function find(key) {
  /** @type {any} */
  let found = strings().table;
  for (const name of key.split('.'))
    found =
      typeof found === 'object' && found && Object.hasOwn(found, name) ? found[name] : undefined;
  return typeof found === 'string' || (found && 'other' in found) ? found : undefined;
}

/**
 * @param {Text} text
 * @param {Values} values
 * @returns {string}
 */
function chosen(text, { count }) {
  if (typeof text === 'string') return text;
  const category = new Intl.PluralRules(language()).select(Number(count));
  return text[category] ?? /** @type {string} */ (text.other);
}

/**
 * @param {string} text
 * @param {Values} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)(?::([가-힣]+))?\}/g, (_, name, particle) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the text "${text}" needs the value ${name}`);
    const shown = typeof value === 'number' ? shortNumber(value) : value;
    return particle ? withParticle(shown, particle) : shown;
  });
}
