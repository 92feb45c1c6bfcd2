"""Chooses Korean particles by the last sound of the word before them: 민지가, 지훈이. Pure.

web/js/page/particles.js does the same in the page. tests/web/particles.json contains the test cases
for both modules.
"""

import re

PARTICLES = {
    "은는": ("은", "는"),
    "이가": ("이", "가"),
    "을를": ("을", "를"),
    "과와": ("과", "와"),
    "으로": ("으로", "로"),
}
"""The two forms of each particle, by name: the form after a consonant, and the form after a vowel.
"""

CONSONANT, VOWEL, RIEUL = "consonant", "vowel", "ㄹ"
DIGITS = "영일이삼사오육칠팔구"
"""The Korean names of the digits from 0 to 9. The last sound of a name decides the particle."""
FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3  # 가, 힣
FINALS = 28  # number of endings of a syllable; 0: no final consonant
PLACE_OF_RIEUL = 8


def with_particle(word: str, name: str) -> str:
    """Returns `word`, followed by the form of the particle that suits the word. A word of unknown
    sound, such as an emoji, gets both forms: `🌊은(는)`. `name` is a key of PARTICLES.
    """
    consonant, vowel = PARTICLES[name]
    ending = _ending_of(word)
    if ending is None:
        return word + ("(으)로" if name == "으로" else f"{consonant}({vowel})")
    closed = ending == CONSONANT or (ending == RIEUL and name != "으로")
    return word + (consonant if closed else vowel)


def _ending_of(word: str) -> str | None:
    words = re.findall(r"[^\W_]+", word)
    if not words:
        return None
    last = words[-1][-1]
    if last in "0123456789":
        last = DIGITS[int(last)]
    if FIRST_SYLLABLE <= ord(last) <= LAST_SYLLABLE:
        final = (ord(last) - FIRST_SYLLABLE) % FINALS
        return VOWEL if final == 0 else RIEUL if final == PLACE_OF_RIEUL else CONSONANT
    return _latin_ending(words[-1]) if last.isascii() else None


def _latin_ending(word: str) -> str:
    """Returns the last sound of a word in Latin letters, as the word is pronounced in Korean.
    Abbreviations are read letter by letter.
    """
    last = word[-1].lower()
    if word == word.upper():
        return RIEUL if last in "lr" else CONSONANT if last in "mn" else VOWEL
    if last == "l":
        return RIEUL
    ends = re.search(r"([mn]|ng|[aeiou][bckpt])$", word, re.IGNORECASE)
    return CONSONANT if ends else VOWEL
