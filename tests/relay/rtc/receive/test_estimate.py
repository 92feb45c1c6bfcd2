"""The bitrate estimate: a sender that follows it, over a link of limited capacity."""

import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.estimate import LEAST, BitrateEstimate
from relay.rtc.rtp import RtpPacket

CAP = 3_000_000
SIZE = 1_160
PICTURE = 1 / 30
PACER = 2.5
"""Factor by which a picture's packets leave faster than the bitrate, as in libwebrtc."""


@dataclass
class Uplink:
    """A sender of 30 frames a second, and a link of `width` bit/s with a queue before it."""

    timed: bool
    width: float = 10_000_000
    now: float = 1_000.0
    free: float = 0.0
    """Time at which the link has sent all waiting packets."""
    queued: float = 0.0
    ssrc: int = 5
    offset: int = 0
    """Offset of the RTP timestamps."""
    told: int = 0
    """Number of changes of the estimate that should be sent at once."""
    estimate: BitrateEstimate = field(init=False)

    def __post_init__(self) -> None:
        self.estimate = BitrateEstimate(CAP, timed=self.timed)

    def send(self, seconds: float, bitrate: float | None = None) -> None:
        """Sends for that many seconds at the estimate, or at `bitrate`."""
        end = self.now + seconds
        while self.now < end:
            rate = bitrate or self.estimate.bitrate
            count = max(1, round(rate * PICTURE / 8 / (SIZE + 40)))
            timestamp = round(self.now * 90_000) + self.offset & 0xFFFFFFFF
            for number in range(count):
                sent = self.now + number * (SIZE + 40) * 8 / (rate * PACER)
                self.free = max(self.free, sent) + (SIZE + 40) * 8 / self.width
                self.queued = max(self.queued, self.free - sent)
                send_time = int(sent * (1 << 18)) & 0xFFFFFF if self.timed else None
                packet = RtpPacket(
                    96, number == count - 1, 0, timestamp, self.ssrc, bytes(SIZE), None, send_time
                )
                self.told += self.estimate.receive(packet, self.free + 0.02, 0.04)
            self.now += PICTURE


@pytest.mark.parametrize("timed", [True, False])
def test_a_free_path_keeps_the_cap(timed: bool) -> None:
    """At any bitrate of the encoder, and longer than the 24-bit send times take to wrap around."""
    uplink = Uplink(timed)
    uplink.send(80)
    uplink.send(10, 400_000)
    uplink.send(10, 2_500_000)
    assert (uplink.estimate.bitrate, uplink.told) == (CAP, 0)


@pytest.mark.parametrize("timed", [True, False])
def test_the_estimate_follows_the_capacity_of_the_path(timed: bool) -> None:
    """It falls below the capacity within two seconds, before the queue is longer than that, and
    rises to the cap again step by step.
    """
    uplink = Uplink(timed)
    uplink.send(10)
    uplink.width = 1_000_000
    uplink.send(2)
    assert uplink.estimate.bitrate <= 1_000_000 and uplink.told >= 1
    uplink.send(10)
    uplink.queued = 0.0
    uplink.send(10)
    assert 600_000 <= uplink.estimate.bitrate <= 1_050_000
    assert uplink.queued < 0.5
    uplink.width = 10_000_000
    uplink.send(60)
    assert uplink.estimate.bitrate == CAP


def test_the_estimate_stays_between_its_limits() -> None:
    """They hold even if the encoder sends little."""
    uplink = Uplink(True, width=50_000)
    uplink.send(20, 80_000)
    assert uplink.estimate.bitrate == LEAST


def test_a_new_source_has_a_new_clock() -> None:
    """Its first timestamps are not compared with those of the old source; later ones are judged as
    usual.
    """
    uplink = Uplink(False)
    uplink.send(5)
    uplink.ssrc, uplink.offset = 6, 0x9000_0000
    uplink.send(5)
    assert uplink.estimate.bitrate == CAP
    uplink.width = 1_000_000
    uplink.send(3)
    assert uplink.estimate.bitrate <= 1_000_000


def test_a_pause_of_a_day_costs_nothing() -> None:
    """Without a reset, aiortc's byte counter would loop over each millisecond of the gap."""
    uplink = Uplink(True)
    uplink.send(1)
    uplink.now += 86_400
    began = time.process_time()
    uplink.send(1 / 30)
    assert time.process_time() - began < 0.2
    uplink.send(5)
    assert uplink.estimate.bitrate == CAP


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFFFF) | st.none(),
            st.integers(0, 0xFFFFFFFF),
            st.integers(0, 1_500),
            st.floats(0, 5),
        ),
        max_size=60,
    ),
    st.booleans(),
)
def test_any_clock_of_a_sender(
    packets: list[tuple[int | None, int, int, float]], timed: bool
) -> None:
    """Send times that jump, stand still or go backwards give an estimate between the limits."""
    estimate = BitrateEstimate(CAP, timed=timed)
    now = 1.0
    for send_time, timestamp, size, step in packets:
        now += step
        estimate.receive(
            RtpPacket(96, False, 0, timestamp, 5, bytes(size), None, send_time), now, None
        )
        assert LEAST <= estimate.bitrate <= CAP
