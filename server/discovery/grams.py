"""Cuts texts into pairs of characters, by which the search finds a part of a word. Pure.

Two letters suffice in every script: `방송` finds `먹방송`. One letter finds the words that begin
with it.
"""

import unicodedata

MAX_TEXT = 400
"""Characters of a text that are read."""
MAX_QUERY = 80
"""Characters of a query that are read."""
MAX_GRAMS = 12
"""Maximum number of grams of a query that are looked up. `matches` checks the whole query."""


def words_of(text: str) -> list[str]:
    """Returns the words of a text in the form in which texts are compared (NFKC, case folded)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(each if _is_of_word(each) else " " for each in folded).split()


def grams_of(text: str) -> set[str]:
    """Returns the grams by which a text is found: the pairs of each word, and a space with the
    first character of the word.
    """
    grams: set[str] = set()
    for word in words_of(text[:MAX_TEXT]):
        grams.add(f" {word[0]}")
        grams.update(word[at : at + 2] for at in range(len(word) - 1))
    return grams


def query_grams(query: str) -> list[str]:
    """Returns the grams that every text with all words of the query has, at most MAX_GRAMS."""
    grams: dict[str, None] = {}
    for word in words_of(query[:MAX_QUERY]):
        if len(word) == 1:
            grams[f" {word}"] = None
        grams.update(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
    return list(grams)[:MAX_GRAMS]


def matches(query: str, text: str) -> bool:
    """Whether a text contains all words of a query. A word of one character must begin a word of
    the text.
    """
    words = words_of(text)
    return all(
        any(word.startswith(part) if len(part) == 1 else part in word for word in words)
        for part in words_of(query[:MAX_QUERY])
    )


def _is_of_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMN" or category in ("So", "Sk") or character == "_"
