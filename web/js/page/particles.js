/**
 * Chooses Korean particles by the last sound of the preceding word: 민지가, 지훈이. Pure.
 * server/site/particles.py does the same for the server.
 */

/**
 * For each name: the particle after a consonant, then the particle after a vowel.
 * @type {Readonly<Record<string, readonly [string, string]>>}
 */
const PARTICLES = Object.freeze({
  은는: ['은', '는'],
  이가: ['이', '가'],
  을를: ['을', '를'],
  과와: ['과', '와'],
  으로: ['으로', '로'],
});
/** @typedef {'consonant' | 'vowel' | 'ㄹ'} Ending */

/** The last sound of each digit in Korean: 영 일 이 삼 사 오 육 칠 팔 구. @type {readonly Ending[]} */
const DIGITS = Object.freeze(
  /** @type {Ending[]} */ ([
    'consonant',
    'ㄹ',
    'vowel',
    'consonant',
    'vowel',
    'vowel',
    'consonant',
    'ㄹ',
    'ㄹ',
    'vowel',
  ]),
);
const FIRST_SYLLABLE = 0xac00; // 가
const LAST_SYLLABLE = 0xd7a3; // 힣
const FINALS = 28; // number of possible endings of a syllable; index 0: no final consonant
const RIEUL = 8; // index of ㄹ among the endings

/**
 * Returns `word` with the particle that suits it. A word of unknown sound, such as an emoji, gets
 * both particles: `🌊은(는)`.
 * @param {string} word
 * @param {string} name  a key of PARTICLES
 */
export function withParticle(word, name) {
  const [consonant, vowel] = PARTICLES[name] ?? [name, name];
  const ending = endingOf(word);
  if (!ending) return `${word}${name === '으로' ? '(으)로' : `${consonant}(${vowel})`}`;
  const closed = ending === 'consonant' || (ending === 'ㄹ' && name !== '으로');
  return word + (closed ? consonant : vowel);
}

/**
 * @param {string} word
 * @returns {Ending | null}
 */
function endingOf(word) {
  const letters = word.match(/[\p{L}\p{N}]+/gu)?.at(-1) ?? '';
  const code = letters.codePointAt(letters.length - 1) ?? 0;
  if (code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE) {
    const final = (code - FIRST_SYLLABLE) % FINALS;
    return final === 0 ? 'vowel' : final === RIEUL ? 'ㄹ' : 'consonant';
  }
  if (/[0-9]$/.test(letters)) return DIGITS[Number(letters.at(-1))] ?? null;
  return /[A-Za-z]$/.test(letters) ? latinEnding(letters) : null;
}

/**
 * Returns the last sound of a Latin word in Korean pronunciation. Abbreviations are read letter by
 * letter.
 * @param {string} word
 * @returns {Ending}
 */
function latinEnding(word) {
  const last = word.slice(-1).toLowerCase();
  if (word === word.toUpperCase())
    return last === 'l' || last === 'r' ? 'ㄹ' : /[mn]/.test(last) ? 'consonant' : 'vowel';
  if (last === 'l') return 'ㄹ';
  return /([mn]|ng|[aeiou][bckpt])$/i.test(word) ? 'consonant' : 'vowel';
}
