"""A visible clock: 32 black and white squares, read from the frame at the other end.

`pages/timecode.js` draws and reads the squares. Their value is a word; the first square is the
highest bit. The word has 24 bits of milliseconds since 1970 (wrapping every 4.7 hours) and 8 bits
of parity, which detect torn and blurred frames.
"""

from collections.abc import Iterable, Iterator

PERIOD = 1 << 24
"""Period after which the time code wraps, ms."""
PARITY = 0xA5
"""Parity of the value 0, so that a black frame is not a valid code."""
PLAUSIBLE = 30_000
"""Maximum age of a frame, ms. An older frame, or a frame from the future, was misread."""


def encode(ms: int) -> int:
    code = ms % PERIOD
    return code << 8 | _parity(code)


def decode(word: int) -> int | None:
    """Returns the time code of a word, ms modulo PERIOD; None if the parity is wrong."""
    code = word >> 8
    return code if word & 0xFF == _parity(code) else None


def age(word: int, now: int) -> int | None:
    """Returns the age of the frame that shows `word`, ms; None if the word is unreadable."""
    code = decode(word)
    if code is None:
        return None
    passed = (now - code) % PERIOD
    return passed if passed <= PLAUSIBLE else None


def ages(samples: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yields the ages of frames from `samples`, pairs of (local ms, word) as pages/timecode.js
    collects them. Omits unreadable samples.
    """
    for now, word in samples:
        if (passed := age(word, now)) is not None:
            yield passed


def _parity(code: int) -> int:
    return PARITY ^ (code & 0xFF) ^ (code >> 8 & 0xFF) ^ (code >> 16)
