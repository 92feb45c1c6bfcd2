"""A visible clock of 32 black and white squares. `pages/timecode.js` draws the squares in the
sender's page and reads them in the receiver's page.

The squares are the bits of a word; the first square is the highest bit. The word has 24 bits of
time and 8 bits of parity. The time is in milliseconds since 1970 and wraps every 4.7 hours. The
parity detects torn and blurred frames.
"""

from collections.abc import Iterable, Iterator

PERIOD = 1 << 24
"""Period after which the time code wraps, ms."""
PARITY = 0xA5
"""Parity byte for the time 0. This byte is not 0, so that a black frame (all bits 0) is not valid.
"""
PLAUSIBLE = 30_000
"""Maximum age of a frame, ms. An older frame, or a frame from the future, counts as misread."""


def encode(ms: int) -> int:
    code = ms % PERIOD
    return code << 8 | _parity(code)


def decode(word: int) -> int | None:
    """Returns the time code in a word: ms, modulo PERIOD. Returns None if the parity is wrong."""
    code = word >> 8
    return code if word & 0xFF == _parity(code) else None


def age(word: int, now: int) -> int | None:
    """Returns the age of a frame that shows `word`, ms. Returns None if the word is unreadable."""
    code = decode(word)
    if code is None:
        return None
    passed = (now - code) % PERIOD
    return passed if passed <= PLAUSIBLE else None


def ages(samples: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yields the ages of the frames in `samples`. Each sample is a pair (local time in ms, word),
    as pages/timecode.js collects it. Omits unreadable samples.
    """
    for now, word in samples:
        if (passed := age(word, now)) is not None:
            yield passed


def _parity(code: int) -> int:
    return PARITY ^ (code & 0xFF) ^ (code >> 8 & 0xFF) ^ (code >> 16)
