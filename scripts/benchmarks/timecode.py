"""A clock that a camera can see: 32 black and white squares, read from the picture at the other
end.

`pages/timecode.js` draws and reads the squares; a word is what they say, the first square being the
highest bit: 24 bits of milliseconds since 1970 (they start anew every 4.7 hours) and 8 bits of
parity, which tell a torn or blurred picture.
"""

from collections.abc import Iterable, Iterator

PERIOD = 1 << 24
"""ms after which the code begins again."""
PARITY = 0xA5
"""Parity of nothing, so that a black picture is no code."""
PLAUSIBLE = 30_000
"""ms; a picture older than this, or one from the future, was misread."""


def encode(ms: int) -> int:
    code = ms % PERIOD
    return code << 8 | _parity(code)


def decode(word: int) -> int | None:
    """Milliseconds modulo PERIOD; None if the parity is wrong."""
    code = word >> 8
    return code if word & 0xFF == _parity(code) else None


def age(word: int, now: int) -> int | None:
    """How long ago (ms) the picture that says `word` was drawn; None if that cannot be told."""
    code = decode(word)
    if code is None:
        return None
    passed = (now - code) % PERIOD
    return passed if passed <= PLAUSIBLE else None


def ages(samples: Iterable[tuple[int, int]]) -> Iterator[int]:
    """`samples` are (local ms, word), as pages/timecode.js collects them. What could not be read is
    left out.
    """
    for now, word in samples:
        if (passed := age(word, now)) is not None:
            yield passed


def _parity(code: int) -> int:
    return PARITY ^ (code & 0xFF) ^ (code >> 8 & 0xFF) ^ (code >> 16)
