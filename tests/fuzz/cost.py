"""What an input costs a target: CPU time, memory, and how both grow."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import steps

SECONDS, PER_STEP = 0.020, 0.000_25
"""Maximum CPU time of an input, or of each of its steps if that is more. An honest packet takes
some 0.03 ms.
"""
OCTETS = 20_000_000
"""Maximum memory that an input may allocate at a time, bytes."""
GROWTH = 3.0
"""Maximum ratio between the time of an input twice in a row and its time once."""
GROWTH_SECONDS, GROWTH_PER_STEP = 0.010, 0.000_1
"""Times below this do not count for growth."""
TRIES = 3
"""A time counts only if this many runs all take as long, since other processes disturb single runs.
"""

Target = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one input."""

    seconds: float
    octets: int
    problem: str = ""
    """The limit that the input exceeds; empty if none."""


def measure(target: Target, data: bytes) -> Cost:
    """Measures one input. The target must not be instrumented. Passes on its exceptions."""
    seconds = _least(target, data, allowed)
    limit, taken = allowed(), steps.taken
    octets = _peak(target, data)
    problems = []
    if seconds > limit:
        problems.append(f"takes {seconds * 1e3:.1f} ms for {taken} steps")
    if octets > OCTETS:
        problems.append(f"allocates {octets / 1e6:.1f} MB")
    return Cost(seconds, octets, "; ".join(problems) or _growth(target, data))


def allowed() -> float:
    """Maximum CPU time of the input that ran last, seconds."""
    return max(SECONDS, PER_STEP * steps.taken)


def run(target: Target, data: bytes) -> float:
    """Returns the CPU time of one run, seconds."""
    steps.begin()
    began = time.thread_time()
    target(data)
    return time.thread_time() - began


def _growth(target: Target, data: bytes) -> str:
    twice = _least(target, data + data, _negligible)
    if twice <= _negligible():
        return ""
    once = _least(target, data, lambda: 0.0)
    if twice <= GROWTH * once:
        return ""
    return f"takes {once * 1e3:.1f} ms once, {twice * 1e3:.1f} ms twice in a row"


def _negligible() -> float:
    return max(GROWTH_SECONDS, GROWTH_PER_STEP * steps.taken)


def _least(target: Target, data: bytes, enough: Callable[[], float]) -> float:
    """Returns the time of the first run within `enough()` seconds, else the least of TRIES runs."""
    least = run(target, data)
    for _ in range(TRIES - 1):
        if least <= enough():
            break
        least = min(least, run(target, data))
    return least


def _peak(target: Target, data: bytes) -> int:
    steps.begin()
    tracemalloc.start()
    try:
        target(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
