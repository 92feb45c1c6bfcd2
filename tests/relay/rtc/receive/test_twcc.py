"""Transport-wide feedback, parsed by a decoder written from the draft (§3.1), independent of the
encoder.
"""

from dataclasses import dataclass

import pytest
from aiortc.rtp import RtcpPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rtc.receive.twcc import (
    EVERY,
    KEPT,
    MANY,
    MAX_REPORTS,
    MAX_STATUSES,
    TransportFeedback,
    write_feedback,
)


@dataclass
class Feedback:
    """A packet as a sender parses it: arrival by 16-bit number, in seconds modulo 2^24 × 64 ms;
    None for a lost packet.
    """

    sender_ssrc: int
    media_ssrc: int
    count: int
    arrivals: list[tuple[int, float | None]]


def read(data: bytes) -> Feedback:
    """Raises AssertionError if the bytes do not follow the draft."""
    assert data[0] >> 6 == 2 and data[0] & 0x1F == 15 and data[1] == 205
    assert len(data) == 4 * (int.from_bytes(data[2:4], "big") + 1)
    assert not data[0] & 0x20, "padding flag"
    base, statuses = int.from_bytes(data[12:14], "big"), int.from_bytes(data[14:16], "big")
    moment = int.from_bytes(data[16:19], "big") * 0.064
    symbols: list[int] = []
    at = 20
    while len(symbols) < statuses:
        chunk = int.from_bytes(data[at : at + 2], "big")
        at += 2
        bits = f"{chunk:016b}"
        if bits[0] == "0":
            assert int(bits[3:], 2), "an empty run"
            symbols += [int(bits[1:3], 2)] * int(bits[3:], 2)
        elif bits[1] == "0":
            symbols += [int(bit) for bit in bits[2:]]
        else:
            symbols += [int(bits[place : place + 2], 2) for place in range(2, 16, 2)]
    assert not any(symbols[statuses:]), "symbols after the last status"
    arrivals: list[tuple[int, float | None]] = []
    for place, symbol in enumerate(symbols[:statuses]):
        assert symbol != 3, "reserved"
        if symbol:
            moment += int.from_bytes(data[at : at + symbol], "big", signed=symbol == 2) * 0.00025
            at += symbol
        arrivals.append((base + place & 0xFFFF, moment if symbol else None))
    assert at <= len(data) < at + 4 and not any(data[at:])
    return Feedback(
        int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big"), data[19], arrivals
    )


RANGE = 2**24 * 0.064

STEPS = st.sampled_from([0.0, 0.0001, 0.002, 0.02, 0.063, 0.0645, 0.5, 8.1, 8.3, 20.0])


@settings(max_examples=300)
@given(
    st.integers(0, 65_535),
    st.floats(0, 1e7),
    st.lists(st.one_of(st.none(), STEPS), min_size=1, max_size=300),
)
def test_a_report_has_every_arrival(first: int, start: float, steps: list[float | None]) -> None:
    """For any losses and distances, each number is reported once, in order, within 250 µs."""
    now, arrivals, expected = start, [], []
    for step in steps:
        now += step or 0.0
        arrivals.append(None if step is None else int(now * 4_000))
        expected.append(None if step is None else now)
    said: list[tuple[int, float | None]] = []
    number, left = first, list(arrivals)
    while left:
        taken, packet = write_feedback(1, 0xFEDCBA98, number, left, 7)
        feedback = read(packet)
        assert taken == len(feedback.arrivals) > 0
        assert (feedback.sender_ssrc, feedback.media_ssrc, feedback.count) == (1, 0xFEDCBA98, 7)
        said += feedback.arrivals
        number, left = number + taken, left[taken:]
    assert [number for number, _ in said] == [first + place & 0xFFFF for place in range(len(steps))]
    for (_, moment), wanted in zip(said, expected, strict=True):
        assert (moment is None) == (wanted is None)
        if moment is not None and wanted is not None:
            assert abs((moment - wanted + RANGE / 2) % RANGE - RANGE / 2) < 0.0003


@settings(max_examples=200)
@given(st.data())
def test_what_a_transport_reports(data: st.DataObject) -> None:
    """Across wraps, losses, duplicates and late packets: arrivals are reported with their first
    time, missing numbers as lost, and none is left out.
    """
    feedback, now = TransportFeedback(1), 100.0
    first = 65_500
    numbers = list(range(first, first + data.draw(st.integers(1, 120))))
    kept = [number for number in numbers if number == first or data.draw(st.integers(0, 4))]
    moved = list(kept)
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(moved) - 1))
        moved.insert(min(len(moved) - 1, place + data.draw(st.integers(0, 8))), moved.pop(place))
    came: dict[int, float] = {}
    said: dict[int, float | None] = {}
    count = 0
    for number in [*moved, data.draw(st.sampled_from(moved)), numbers[-1] + 1]:
        now += data.draw(st.sampled_from([0.0, 0.004, 0.03, 0.07]))
        feedback.receive(number & 0xFFFF, now)
        came.setdefault(number, now)
        if feedback.due(now):
            for packet in feedback.reports(9, now):
                report = read(packet)
                assert report.count == count
                count += 1
                said |= dict(report.arrivals)
    for packet in feedback.reports(9, now):
        said |= dict(read(packet).arrivals)
    assert set(said) == {number & 0xFFFF for number in range(min(came), max(came) + 1)}
    for number16, moment in said.items():
        arrived = next((came[number] for number in came if number & 0xFFFF == number16), None)
        assert (moment is None) == (arrived is None)
        assert moment is None or arrived is None or abs(moment - arrived) < 0.0003


def test_when_it_is_due() -> None:
    """It is due only with new arrivals, and at most every 50 ms, but earlier after a burst."""
    feedback = TransportFeedback(1)
    assert not feedback.due(10.0) and feedback.reports(1, 10.0) == []
    feedback.receive(1, 10.0)
    assert not feedback.due(10.0 + EVERY / 2) and feedback.due(10.0 + EVERY)
    feedback.reports(1, 10.1)
    for number in range(MANY):
        assert not feedback.due(10.101)
        feedback.receive(2 + number, 10.101)
    assert feedback.due(10.101)


@pytest.mark.parametrize("jump", [MAX_STATUSES + 1, 30_000])
def test_a_restarted_sender_gets_no_report_of_thousands_of_losses(jump: int) -> None:
    feedback = TransportFeedback(1)
    feedback.receive(5, 1.0)
    feedback.reports(1, 1.0)
    feedback.receive(5 + jump & 0xFFFF, 2.0)
    (packet,) = feedback.reports(1, 2.0)
    assert [number for number, _ in read(packet).arrivals] == [5 + jump & 0xFFFF]


@pytest.mark.timeout(60)
def test_a_sender_that_skips_numbers_gets_bounded_reports() -> None:
    """Each packet is nearly as far ahead as the sender's numbers may jump: the reports stay small.
    (Statuses of all numbers between took seconds for these packets.)
    """
    feedback = TransportFeedback(1)
    number = 0
    for turn in range(20):
        now = 1.0 + turn / 10
        for _ in range(2_000):
            number += MAX_STATUSES - 1
            feedback.receive(number & 0xFFFF, now)
        packets = feedback.reports(1, now)
        assert 1 <= len(packets) <= MAX_REPORTS
        assert sum(len(read(packet).arrivals) for packet in packets) <= MAX_STATUSES


def test_arrivals_far_apart_get_few_packets() -> None:
    """An arrival more than 8.19 s after the one before needs a packet of its own."""
    feedback = TransportFeedback(1)
    for number in range(1, 50):
        feedback.receive(number, number * 10.0)
        feedback.reports(1, number * 10.0)
    feedback.receive(0, 500.0)
    assert len(feedback.reports(1, 500.0)) <= MAX_REPORTS


def test_memory_is_bounded_and_very_late_packets_are_ignored() -> None:
    """After many packets only the last ones are stored."""
    feedback = TransportFeedback(1)
    size = len(feedback._arrivals)
    for number in range(100_000):
        feedback.receive(number & 0xFFFF, number / 1_000)
        if number % 60 == 0:
            feedback.reports(1, number / 1_000)
            assert len(feedback._arrivals) == size
    feedback.reports(1, 100.0)
    feedback.receive(99_999 - KEPT - 1 & 0xFFFF, 100.0)
    assert feedback.reports(1, 101.0) == []


@pytest.mark.parametrize("lost", [1, 100, MAX_STATUSES - 2])
def test_lost_packets_after_many_others(lost: int) -> None:
    """Their places hold arrival times of much earlier packets, which must not be reported."""
    feedback, number = TransportFeedback(1), 0
    while number < 5_000:
        for _ in range(50):
            feedback.receive(number, number / 1_000)
            number += 1
        feedback.reports(1, number / 1_000)
    last = number + lost
    feedback.receive(last, last / 1_000)
    said = [arrival for packet in feedback.reports(1, 6.0) for arrival in read(packet).arrivals]
    assert [number16 for number16, _ in said] == list(range(number, last + 1))
    assert [moment is None for _, moment in said] == [True] * lost + [False]


def test_other_parsers_can_skip_it() -> None:
    """aiortc does not support this feedback, but finds the packet after it."""
    _, packet = write_feedback(1, 2, 3, [4, None, 70_000], 0)
    assert len(RtcpPacket.parse(packet + packet)) == 2
