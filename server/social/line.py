"""Makes one line of text from the text that a creator typed. Pure."""

import unicodedata

JOINERS = "\u200c\u200d"
"""Zero-width joiners. Persian words and many emoji need them."""


def one_line(text: str) -> str:
    """Returns the text in Unicode normalisation form C, without control characters and direction
    marks, and with single spaces.
    """
    kept = "".join(
        character if character.isprintable() or character in JOINERS else " " for character in text
    )
    return unicodedata.normalize("NFC", " ".join(kept.split()))
