"""Audio packets in order."""

from functools import cache
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.reorder import MAX_BUFFERED, Reorder
from relay.rtc.rtp import RtpPacket
from tests.fixtures.packets import changed


@cache
def packet(number: int) -> RtpPacket:
    return RtpPacket(111, False, 65_530 + number & 0xFFFF, number * 960, 1, bytes([number % 256]))


def numbers(ready: list[tuple[RtpPacket, float]]) -> list[int]:
    return [entry.timestamp // 960 for entry, _ in ready]


def test_every_order_of_arrival() -> None:
    """Six packets after a first one are returned in order for any order of arrival, across the wrap
    of the sequence numbers.
    """
    for order in permutations(range(1, 7)):
        reorder = Reorder()
        assert numbers(
            [entry for number in (0, *order) for entry in reorder.receive(packet(number), 0.0)]
        ) == list(range(7))


def test_every_loss() -> None:
    """For any loss, the other packets are returned once the deadline has passed, and the lost ones
    are counted.
    """
    for lost in range(1 << 6):
        kept = [number for number in range(1, 7) if not lost >> (number - 1) & 1]
        reorder = Reorder()
        out = [entry for number in (0, *kept) for entry in reorder.receive(packet(number), 0.0)]
        out += reorder.expire(reorder.patience)
        assert numbers(out) == [0, *kept]
        assert reorder.lost == (kept[-1] - len(kept) if kept else 0)


def test_a_late_packet_has_60_ms() -> None:
    """Packets after a gap wait, keep their arrival times, and are returned when the missing packet
    arrives or its time is over.
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


def test_a_packet_behind_a_gap_gives_up_nothing() -> None:
    """The missing packet may be the next one in the socket, after a pause of the process."""
    reorder = Reorder()
    reorder.receive(packet(0), 1.0)
    assert reorder.receive(packet(2), 1.02) == []
    assert reorder.receive(packet(3), 1.5) == []
    assert numbers(reorder.receive(packet(1), 1.5)) == [1, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 0.1)), max_size=150))
def test_each_packet_at_most_once_and_in_order(drawn: list[tuple[int, float]]) -> None:
    """Any packets at any time: numbers ascend, and at most 64 packets are buffered."""
    reorder, now, out = Reorder(), 0.0, []
    for number, step in drawn:
        now += step
        out += numbers(reorder.receive(packet(number), now)) + numbers(reorder.expire(now))
        assert len(reorder.waiting) <= MAX_BUFFERED
    assert out == sorted(set(out))


@pytest.mark.parametrize("jump", [3_100, 30_000, 50_000])
def test_a_sender_that_restarts(jump: int) -> None:
    """A large step of the sequence numbers is no gap."""
    reorder = Reorder()
    reorder.receive(packet(0), 0.0)
    fresh = changed(packet(1), sequence=packet(1).sequence + jump & 0xFFFF)
    assert reorder.receive(fresh, 0.0) == [(fresh, 0.0)]
    assert reorder.receive(changed(fresh, sequence=fresh.sequence + 1 & 0xFFFF), 0.0) != []


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(0, 65_535))
def test_the_straight_path_gives_what_the_other_gives(places: list[int], first: int) -> None:
    """`passes` accepts exactly the packets that `receive` would return alone and at once."""
    straight, other = Reorder(), Reorder()
    for step, place in enumerate(places):
        item = changed(packet(0), sequence=first + place & 0xFFFF)
        wanted = other.receive(item, step / 100)
        if straight.passes(item.sequence):
            assert wanted == [(item, step / 100)]
        else:
            assert straight.receive(item, step / 100) == wanted
        assert straight.expire(step / 100) == other.expire(step / 100)
    assert (straight.lost, straight.duplicates) == (other.lost, other.duplicates)
