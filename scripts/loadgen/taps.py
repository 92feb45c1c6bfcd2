"""The taps that a simulated viewer sends. Pure."""

TAPS_EVERY = 0.5
"""Seconds between two notices of a viewer that taps."""
BINS = 5
MAX_RATE = 50.0
"""Maximum number of taps that a viewer sends per second. The server ignores further taps."""


def taps_in_notice(rate: float, chance: float) -> int:
    """Returns the number of taps in the next notice of a viewer that taps `rate` times a second on
    average. `chance`: a random number from 0 to 1, which decides whether the mean number is rounded
    up or down.
    """
    mean = min(rate, MAX_RATE) * TAPS_EVERY
    return int(mean) + (chance < mean - int(mean))


def taps_notice(media_time: int, taps: int) -> bytes:
    """Returns the notice `taps` (relay/PROTOCOL.md), with the taps spread over its bins."""
    bins = ",".join(str(taps // BINS + (index < taps % BINS)) for index in range(BINS))
    return b'{"type":"taps","media_time":%d,"counts":{"heart":[%b]}}' % (
        media_time,
        bins.encode(),
    )
