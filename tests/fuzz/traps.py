"""Targets with a defect each, for tests of the fuzzer and the meter."""

import time
from collections.abc import Callable

from tests.fuzz.cutting import cut


def slow(data: bytes) -> None:
    """Takes 60 ms for some inputs."""
    if b"!" in data:
        _spend(0.06)


def quadratic(data: bytes) -> None:
    """Compares each part with each part before: not slow yet for an input of usual length."""
    parts = list(cut(data))
    _spend(0.000_000_4 * len(parts) ** 2)


def greedy(data: bytes) -> None:
    """Allocates as many MB as the first byte states."""
    bytearray(1_000_000 * sum(data[:1]))


def broken(data: bytes) -> None:
    """Raises an exception that no parser documents."""
    if data[:1] == b"!":
        raise ZeroDivisionError


def honest(data: bytes) -> None:
    """Its time is proportional to its parts."""
    for _ in cut(data):
        _spend(0.000_02)


def _spend(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


TARGETS: dict[str, Callable[[bytes], None]] = {
    "slow": slow,
    "quadratic": quadratic,
    "greedy": greedy,
    "broken": broken,
    "honest": honest,
}
