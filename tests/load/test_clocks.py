"""The server's clock, and publish times of media that does not carry them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.message import Kind, Record
from scripts.loadgen.clocks import Clocks
from scripts.loadgen.media_clock import MediaClock


def test_the_fastest_time_exchange_counts() -> None:
    clocks = Clocks(same_clock=False)
    assert clocks.unknown
    now = time.time_ns() // 1_000
    clocks.receive_time(now - 400_000, now + 5_000_000)  # took 400 ms: exact to 200 ms
    assert clocks.now() - time.time_ns() // 1_000 == pytest.approx(5_200_000, abs=50_000)
    clocks.receive_time(time.time_ns() // 1_000 - 2_000, time.time_ns() // 1_000 + 5_100_000)
    assert clocks.now() - time.time_ns() // 1_000 == pytest.approx(5_101_000, abs=50_000)
    clocks.receive_time(now - 900_000, now)
    assert clocks.now() - time.time_ns() // 1_000 == pytest.approx(5_101_000, abs=50_000)
    assert not clocks.unknown


def clock(media_time: int, *, publish: int, capture: int = 0, epoch: int = 0) -> Record:
    return Record(
        Kind.MEDIA, b"", 0, media_time=media_time, capture=capture, publish=publish, epoch=epoch
    )


def test_there_is_no_time_before_the_first_record() -> None:
    assert MediaClock().published_at_rtp(0) is MediaClock().published_when_captured(0) is None


@given(
    st.integers(min_value=0, max_value=1 << 45),
    st.integers(min_value=-60_000_000, max_value=60_000_000),
)
def test_a_timestamp_is_converted_across_the_wrap(media_time: int, later: int) -> None:
    media = MediaClock()
    media.add(clock(media_time, publish=1_790_000_000_000_000))
    published = media.published_at_rtp(round((media_time + later) * 9 / 100) & 0xFFFFFFFF)
    assert published == pytest.approx(1_790_000_000_000_000 + later, abs=12)


def test_frames_that_reached_the_server_late_do_not_reduce_delays() -> None:
    media = MediaClock()
    for second, late in enumerate((40_000, 0, 15_000)):
        media.add(
            clock(
                second * 1_000_000,
                publish=second * 1_000_000 + 5_000 + late,
                capture=second * 1_000_000,
            )
        )
    assert media.published_at_rtp(90_000 * 3) == pytest.approx(3_005_000, abs=12)
    assert media.published_when_captured(2_500_000.0) == 2_505_000


def test_a_new_epoch_replaces_the_clock() -> None:
    media = MediaClock()
    media.add(clock(0, publish=0))
    media.add(clock(1_000_000, publish=9_000_000, epoch=1))
    assert media.published_at_rtp(90_000) == pytest.approx(9_000_000, abs=12)
