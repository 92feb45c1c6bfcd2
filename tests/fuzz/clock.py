"""A clock that only targets move: silence, timeouts and timers take no time to fuzz."""

import time

_now = 1_000.0


def install() -> None:
    """Replaces `time.monotonic`, which the clocks of event loops follow. Call this function before
    the first import of a module of the product, because these modules bind `monotonic` by name.
    """
    time.monotonic = monotonic


def monotonic() -> float:
    return _now


def advance(seconds: float) -> None:
    global _now
    _now += seconds
