"""Bits a second, by a clock that tests set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.stream.bitrate import PAUSE, BitRate


@given(st.integers(1, 10_000), st.integers(1_000, 200_000), st.integers(0, 1 << 50))
def test_a_steady_flow_is_measured_exactly(size: int, every: int, began: int) -> None:
    rate = BitRate()
    for number in range(4_000_000 // every):
        rate.add(size, began + number * every)
    assert rate.value == pytest.approx(size * 8_000_000 / every, rel=0.25)


def test_a_pause_is_not_counted_as_slowness() -> None:
    """After a pause, and after a clock that went back, counting begins anew with the last value."""
    rate = BitRate()
    for now in range(0, 3_000_000, 10_000):
        rate.add(1_250, now)
    assert rate.value == pytest.approx(1_000_000, rel=0.02)
    before = rate.value
    for now in (3_000_000 + PAUSE, 5_000_000, 5_010_000):
        rate.add(1_250, now)
        assert rate.value == before
