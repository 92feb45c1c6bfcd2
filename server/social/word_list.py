"""The words for which messages are held until the creator or a moderator has checked them. Pure.

The text and the words are normalised, so that full-width letters, case, accents, look-alike
letters, invisible characters, spaces and repeated letters do not hide a word. A match begins where
a word of the text begins, and ends where a word of the text ends. For example, `ass` matches `a s
s` and `ASS`, but neither `class` nor `as sure`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import ahocorasick  # type: ignore[import-not-found]
import regex  # type: ignore[import-untyped]
from disarm import skeleton_key

MAX_WORDS = 500
MAX_CHARACTERS = 50
"""Maximum length of a word of the list, before it is normalised."""
MAX_TEXT = 4_000
"""Number of characters of a text that are searched. Chat accepts shorter texts only."""

MAX_EXPANSION = 4
"""Maximum number of characters to which the normalisation may expand one character."""

_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_WORD_WITH_SYMBOLS = regex.compile(r"[\p{L}\p{N}\p{M}@$!|+]+")
_HANGUL = regex.compile(r"\p{Hangul}")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
"""Letters of scripts that put no spaces between words."""
_DIGITS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_LEET = {**_DIGITS, "@": "a", "$": "s", "+": "t"}
_READ_AS_I = str.maketrans({**_LEET, "1": "i", "!": "i", "|": "i"})
_READ_AS_L = str.maketrans({**_LEET, "1": "l", "!": "i", "|": "l"})


class BadWords(ValueError):
    """The list of words is too long, or has a word that matches nothing."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One or more equal letters in the normalised text."""

    letter: str
    length: int
    begins: int
    """If a word of the text begins in this run: number of letters from the first such beginning to
    the end of the run. Otherwise 0.
    """
    ends: int
    """If a word of the text ends in this run: number of letters from the beginning of the run to
    the last such end. Otherwise 0.
    """


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A word of the list, normalised."""

    word: str
    runs: tuple[int, ...]
    """Number of equal characters in each run. A run in the text must have at least as many letters,
    or exactly as many digits. For example, the text `as` has too few letters to match the word
    `ass`.
    """
    open_start: bool
    """Whether the match may begin inside a word of the text."""
    open_end: bool

    def fits(self, runs: list[_Run]) -> bool:
        """Whether the word matches these runs of a text. The caller must pass runs with the same
        letters as the word.
        """
        return (
            (self.open_start or runs[0].begins >= self.runs[0])
            and (self.open_end or runs[-1].ends >= self.runs[-1])
            and all(
                run.length == least or (run.length > least and run.letter.isalpha())
                for run, least in zip(runs, self.runs, strict=True)
            )
        )


class WordList:
    """The words of one creator. `find` is fast: a text takes less than a millisecond."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """Raises BadWords."""
        self.words = tuple(dict.fromkeys(filter(None, (word.strip() for word in words))))
        if len(self.words) > MAX_WORDS:
            raise BadWords(f"a list has at most {MAX_WORDS} words")
        self._patterns: dict[str, list[_Pattern]] = {}
        """The patterns by their letters: different words may have the same letters."""
        for word in self.words:
            letters, pattern = _pattern(word)
            self._patterns.setdefault(letters, []).append(pattern)
        self._automaton = ahocorasick.Automaton()
        for letters in self._patterns:
            self._automaton.add_word(letters, letters)
        if self._patterns:
            self._automaton.make_automaton()

    def find(self, text: str) -> str | None:
        """Returns a word of the list that matches the text, as the creator wrote the word. Returns
        None if no word matches.
        """
        if not self.words:
            return None
        for reading in _readings(_without_long(text[:MAX_TEXT])):
            runs = _runs(reading)
            letters = "".join(run.letter for run in runs)
            for last, found in self._automaton.iter(letters):
                matched = runs[last + 1 - len(found) : last + 1]
                for pattern in self._patterns[found]:
                    if pattern.fits(matched):
                        return pattern.word
        return None


def _pattern(word: str) -> tuple[str, _Pattern]:
    """Returns the letters of the word without repetitions, and the pattern. Raises BadWords."""
    if len(word) > MAX_CHARACTERS:
        raise BadWords(f"{word[:20]!r}… has over {MAX_CHARACTERS} characters")
    bare = word.strip("*")
    runs = _runs([_skeleton(part) for part in _WORD.findall(_prepared(bare))])
    if not runs:
        raise BadWords(f"{word!r} has no letters and no digits")
    unspaced = _UNSPACED.search(bare) is not None
    return "".join(run.letter for run in runs), _Pattern(
        word,
        tuple(run.length for run in runs),
        open_start=word.startswith("*") or unspaced,
        # A Korean word of the list may be only the beginning of a word of the text, because
        # particles follow a noun without a space.
        open_end=word.endswith("*") or unspaced or _HANGUL.search(bare) is not None,
    )


def _readings(text: str) -> list[list[str]]:
    """Returns every reading of a text as a list of normalised words. Digits and symbols may stand
    for letters: `1` for an `i` or an `l`. A capital `I` may stand for an `l`.
    """
    cased = _joined_jamo(_IGNORABLE.sub("", unicodedata.normalize("NFKC", text)))
    plain = _prepared(text)
    readings = [
        [_skeleton(part) for part in _WORD.findall(plain)],
        [_skeleton(_without_accents(part)) for part in _WORD.findall(cased)],
    ]
    if re.search(r"[0-9@$!|+]|[A-Z]l|l[A-Z]", cased):
        parts = _WORD_WITH_SYMBOLS.findall(cased)
        for table in (_READ_AS_I, _READ_AS_L):
            readings.append([_skeleton(_letters(part, table)) for part in parts])
    unique = {tuple(filter(None, reading)): None for reading in readings}
    return [list(reading) for reading in unique if reading]


def _without_long(text: str) -> str:
    """Returns the text with a space in the place of each character that stands for over
    MAX_EXPANSION characters, such as an Arabic sentence in one character. Such characters hide no
    word, but would make the text up to 18 times as long.
    """
    if len(unicodedata.normalize("NFKC", text)) <= 2 * len(text):
        return text
    return "".join(
        character if len(unicodedata.normalize("NFKC", character)) <= MAX_EXPANSION else " "
        for character in text
    )


def _letters(part: str, table: dict[int, str]) -> str:
    """Returns the word with letters in the place of digits and symbols. A word without letters, for
    example a number, is returned without its symbols.
    """
    if not any(character.isalpha() for character in part):
        return "".join(character for character in part if character.isalnum())
    if part.replace("l", "").isupper():
        part = part.replace("l", "I")  # a lower-case L in a word of capital letters
    end = len(part.rstrip("!|+"))  # `wow!` ends with `w`
    return _without_accents(part[:end].casefold().translate(table))


def _prepared(text: str) -> str:
    """Returns the text in lower case, without accents and without invisible characters. Letters
    in full width or half width become normal letters.
    """
    folded = _IGNORABLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return _without_accents(_joined_jamo(folded))


def _without_accents(text: str) -> str:
    """Returns the text without marks above and below letters. The vowel signs of Indic scripts
    remain, because their combining class is 0.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    kept = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", kept)


def _joined_jamo(text: str) -> str:
    """Returns the text with a final consonant joined to its syllable: `시바ㄹ` becomes `시발`. NFKC
    has already joined all other letters.
    """
    return _SPLIT_SYLLABLE.sub(_join, text)


_SPLIT_SYLLABLE = re.compile("([가-힣])([\u1100-\u1112])(?![\u1161-\u1175])")


def _join(found: re.Match[str]) -> str:
    syllable = ord(found[1])
    final = _FINALS.get(found[2])
    if final is None or (syllable - 0xAC00) % 28:
        return found[0]
    return chr(syllable + final)


_FINALS = {
    chr(0x1100 + leading): final
    for leading, final in (
        *((0, 1), (1, 2), (2, 4), (3, 7), (5, 8), (6, 16), (7, 17), (9, 19), (10, 20)),
        *((11, 21), (12, 22), (14, 23), (15, 24), (16, 25), (17, 26), (18, 27)),
    )
}
"""Index of each consonant that can end a syllable, in Unicode's list of final consonants (Unicode
§3.12).
"""


def _skeleton(part: str) -> str:
    """Returns the word with one letter for each group of look-alikes (UTS 39)."""
    return skeleton_key(part).replace(" ", "")


def _runs(words: list[str]) -> list[_Run]:
    """Returns the letters of all words without the spaces, with equal letters in one run."""
    marked = [
        (letter, index == 0, index == len(word) - 1)
        for word in words
        for index, letter in enumerate(word)
    ]
    runs = []
    for letter, group in groupby(marked, key=lambda mark: mark[0]):
        same = list(group)
        begins = [len(same) - index for index, mark in enumerate(same) if mark[1]]
        ends = [index + 1 for index, mark in enumerate(same) if mark[2]]
        runs.append(_Run(letter, len(same), max(begins, default=0), max(ends, default=0)))
    return runs
