"""Properties of characters, from Unicode tables that are newer than Python's tables. Pure."""

import regex  # type: ignore[import-untyped]
import unicodedata2 as tables  # type: ignore[import-not-found]

__all__ = ["category", "count_graphemes", "nfkc", "tables"]


def category(character: str) -> str:
    """Returns the general category of a character, such as `Lu`."""
    return str(tables.category(character))


def nfkc(text: str) -> str:
    return str(tables.normalize("NFKC", text))


def count_graphemes(text: str) -> int:
    """Returns the number of characters as people count them: grapheme clusters (UAX 29)."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


_GRAPHEME = regex.compile(r"\X")
