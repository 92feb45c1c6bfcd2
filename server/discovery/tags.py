"""Finds the tags in a text, such as `#먹방` in a title. Pure.

A tag may be written in any script, and may have emoji. It ends at a space, at punctuation, or at
the next `#`.
"""

import unicodedata
from dataclasses import dataclass

MAX_TAGS = 8
"""Maximum number of tags of one item. The first tags of the text count."""
MAX_LENGTH = 40
"""Maximum length of a key, characters. A longer word is no tag."""
MAX_TEXT = 1_000
"""Characters of a text that are read."""

HASHES = "#＃"
_BEFORE = "/&"
"""Characters before `#` that belong to a URL or to an HTML entity."""
_JOINERS = "\u200c\u200d"
_PRESENTATION = "\ufe0e\ufe0f"
"""Variation selectors: they only choose the look of an emoji."""
_WORD = ("L", "N", "M")
_EMOJI = ("So", "Sk")


@dataclass(frozen=True, slots=True)
class Tag:
    tag: str
    """The form in which tags are compared."""
    name: str
    """The tag as written, without `#`."""


def tags_of(text: str) -> tuple[Tag, ...]:
    """Returns the different tags of a text in their order, at most MAX_TAGS."""
    found: dict[str, Tag] = {}
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - _length_of_end(text[:MAX_TEXT])]
    at = 0
    while at < len(text) and len(found) < MAX_TAGS:
        if text[at] not in HASHES or (at > 0 and _continues(text[at - 1])):
            at += 1
            continue
        end = _end(text, at + 1)
        tag = read_tag(text[at + 1 : end])
        if tag is not None:
            found.setdefault(tag.tag, tag)
        # In `#one#two`, the second tag begins where the first tag ends.
        while end < len(text) and text[end] in HASHES and len(found) < MAX_TAGS:
            start, end = end + 1, _end(text, end + 1)
            tag = read_tag(text[start:end])
            if tag is not None:
                found.setdefault(tag.tag, tag)
        at = end
    return tuple(found.values())


def read_tag(word: str) -> Tag | None:
    """Returns the tag that a word without `#` stands for; None if the word is no tag."""
    if len(word) > MAX_TEXT or not all(map(_is_of_tag, word)):
        return None
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    key = "".join(character for character in folded if character not in _PRESENTATION)
    if not 0 < len(key) <= MAX_LENGTH or not all(map(_is_of_tag, key)):
        return None
    # A number alone, as in `#1`, is a rank. Marks and joiners alone show nothing.
    if not any(unicodedata.category(each)[0] == "L" or _is_emoji(each) for each in key):
        return None
    return Tag(key, unicodedata.normalize("NFC", word))


def _length_of_end(text: str) -> int:
    """Returns the length of the last word, which may be cut."""
    length = 0
    while length < len(text) and _is_of_tag(text[-1 - length]):
        length += 1
    return length


def _end(text: str, at: int) -> int:
    while at < len(text) and _is_of_tag(text[at]):
        at += 1
    return at


def _is_of_tag(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category[0] in _WORD
        or category in _EMOJI
        or character == "_"
        or character in _JOINERS
        or "\U000e0020" <= character <= "\U000e007f"  # parts of the flags of regions
    )


def _is_emoji(character: str) -> bool:
    return unicodedata.category(character) == "So"


def _continues(before: str) -> bool:
    """Whether `#` after this character is part of a word, a URL or an entity."""
    return before in _BEFORE or before in HASHES or unicodedata.category(before)[0] in _WORD
