"""Audio packets, put in order."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.reorder import MAX_BUFFERED, Reorder
from relay.rtc.rtp import RtpPacket


def packet(number: int) -> RtpPacket:
    return RtpPacket(111, False, 65_530 + number & 0xFFFF, number * 960, 1, bytes([number % 256]))


def numbers(ready: list[tuple[RtpPacket, float]]) -> list[int]:
    return [entry.timestamp // 960 for entry, _ in ready]


def test_every_order_of_arrival() -> None:
    """Six packets behind a first one come out in order, whatever order they arrive in, across the
    wrap of the sequence.
    """
    for order in permutations(range(1, 7)):
        reorder = Reorder()
        assert numbers(
            [entry for number in (0, *order) for entry in reorder.receive(packet(number), 0.0)]
        ) == list(range(7))


def test_every_loss() -> None:
    """Whatever is lost, the others come out once patience is over, and the lost ones are
    counted.
    """
    for lost in range(1 << 6):
        kept = [number for number in range(1, 7) if not lost >> (number - 1) & 1]
        reorder = Reorder()
        out = [entry for number in (0, *kept) for entry in reorder.receive(packet(number), 0.0)]
        out += reorder.expire(reorder.patience)
        assert numbers(out) == [0, *kept]
        assert reorder.lost == (kept[-1] - len(kept) if kept else 0)


def test_a_straggler_has_60_ms() -> None:
    """Behind a hole packets wait, keep their own arrival times, and go on when the straggler comes
    or patience is over.
    """
    reorder = Reorder()
    reorder.receive(packet(0), 1.0)
    assert reorder.receive(packet(2), 1.02) == []
    assert reorder.expire(1.07) == []
    assert reorder.receive(packet(1), 1.075) == [(packet(1), 1.075), (packet(2), 1.02)]
    assert reorder.receive(packet(4), 1.1) == []
    assert reorder.expire(1.1 + reorder.patience) == [(packet(4), 1.1)]
    assert reorder.receive(packet(3), 1.2) == []
    assert (reorder.lost, reorder.duplicates) == (1, 1)


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 0.1)), max_size=150))
def test_never_twice_never_back_never_unbounded(drawn: list[tuple[int, float]]) -> None:
    """Any packets at any time: each comes out at most once, in ascending order, and at most 64 are
    held.
    """
    reorder, now, out = Reorder(), 0.0, []
    for number, step in drawn:
        now += step
        out += numbers(reorder.receive(packet(number), now)) + numbers(reorder.expire(now))
        assert len(reorder._buffer) <= MAX_BUFFERED
    assert out == sorted(set(out))


@pytest.mark.parametrize("jump", [3_100, 30_000, 50_000])
def test_a_sender_that_starts_afresh_is_followed(jump: int) -> None:
    """A large step of the sequence numbers is no hole to wait for."""
    reorder = Reorder()
    reorder.receive(packet(0), 0.0)
    fresh = packet(1)._replace(sequence=packet(1).sequence + jump & 0xFFFF)
    assert reorder.receive(fresh, 0.0) == [(fresh, 0.0)]
    assert reorder.receive(fresh._replace(sequence=fresh.sequence + 1 & 0xFFFF), 0.0) != []
