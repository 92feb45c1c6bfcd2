"""The meter finds targets that take too much, and only those."""

from collections.abc import Iterator

import pytest

from tests.fuzz.cutting import join
from tests.fuzz.meter import Meter

PARTS = join([b"part"] * 200)


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with Meter("tests.fuzz.traps") as started:
        yield started


@pytest.mark.parametrize(
    ("target", "data", "problem"),
    [
        ("slow", b"!", "takes 6"),
        ("quadratic", PARTS, "twice in a row"),
        ("greedy", bytes([30]), "allocates 30.0 MB"),
        ("broken", b"!", "ZeroDivisionError"),
    ],
)
def test_a_defect_is_found(target: str, data: bytes, problem: str, meter: Meter) -> None:
    assert problem in meter.measure(target, data).problem


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("slow", b"?"),
        ("quadratic", PARTS[:60]),
        ("greedy", bytes([10])),
        ("broken", b"?"),
        ("honest", PARTS),
        ("honest", PARTS * 20),
    ],
)
def test_work_in_proportion_is_no_defect(target: str, data: bytes, meter: Meter) -> None:
    """An input may be long, if each step is cheap."""
    assert meter.measure(target, data).problem == ""


def test_prefixes_are_tried(meter: Meter) -> None:
    """The whole input passes, since its first byte is no exclamation mark; each prefix passes."""
    assert meter.measure("broken", b"?!", prefixes=True).problem == ""
    assert "ZeroDivisionError" in meter.measure("broken", b"!", prefixes=True).problem
