"""Reassembly: every order and every loss of a small set of packets, and unusual senders."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.media.h264 import access_unit, parse_sps
from relay.rtc.receive.gaps import MAX_NACKS
from relay.rtc.receive.reassembly import (
    MAX_BUFFERED,
    MAX_UNIT_PACKETS,
    EncodedFrame,
    Reassembly,
)
from relay.rtc.roundtrip import MAX_DEADLINE, MIN_DEADLINE, RoundTrip
from relay.rtc.rtp import RtpPacket
from tests.fixtures import media
from tests.fixtures.packets import changed

SPS, PPS = media.parameter_sets()
IDR, SLICE = b"\x65" + bytes(range(40)), b"\x41" + bytes(range(40))


def stap(*nals: bytes) -> bytes:
    return b"\x78" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


def payloads_of(index: int, kind: str) -> list[bytes]:
    """The payloads of one access unit with this index in its bytes: an IDR in one or two packets,
    or a P frame, single or fragmented.
    """
    mark = bytes([index]) * 3
    return {
        "idr": [stap(SPS, PPS, IDR + mark)],
        "idr2": [stap(SPS, PPS), IDR + mark],
        "p": [SLICE + mark],
        "p2": [b"\x5c\x81" + SLICE[1:20], b"\x5c\x41" + SLICE[20:] + mark],
    }[kind]


def packets_of(
    kinds: list[str], *, sequence: int = 65_533, timestamp: int = 2**32 - 3_000, marker: bool = True
) -> list[RtpPacket]:
    """The packets of access units of these kinds. Sequence numbers and timestamps wrap around
    within them.
    """
    packets: list[RtpPacket] = []
    for index, kind in enumerate(kinds):
        payloads = payloads_of(index, kind)
        for number, payload in enumerate(payloads):
            last = marker and number == len(payloads) - 1
            packets.append(
                RtpPacket(
                    102,
                    last,
                    sequence + len(packets) & 0xFFFF,
                    timestamp + index * 3_000 & 0xFFFFFFFF,
                    1,
                    payload,
                )
            )
    return packets


def samples_of(kinds: list[str]) -> list[bytes]:
    """The sample data of each of these access units."""
    units = []
    for index, kind in enumerate(kinds):
        mark = bytes([index]) * 3
        units.append(
            access_unit([SPS, PPS, IDR + mark] if kind.startswith("idr") else [SLICE + mark]).data
        )
    return units


def feed(
    reassembly: Reassembly, packets: list[RtpPacket] | tuple[RtpPacket, ...], now: float = 0.0
) -> list[EncodedFrame]:
    return [frame for packet in packets for frame in reassembly.receive(packet, now)]


KINDS = ["idr", "p2", "p", "idr2", "p", "p"]
FIRST, *REST = packets_of(KINDS)
WHOLE = samples_of(KINDS)
UNITS = {
    packet.sequence: index
    for index, kind in enumerate(KINDS)
    for packet in packets_of(KINDS)
    if packet.timestamp == (2**32 - 3_000 + index * 3_000) & 0xFFFFFFFF
}


def assert_decodable(
    frames: list[EncodedFrame], whole_units: list[bytes], kinds: list[str]
) -> list[int]:
    """Checks that frames are in order and complete, and each has all frames since the last IDR
    before it. Returns their indexes.
    """
    indices = [whole_units.index(frame.unit.data) for frame in frames]
    assert indices == sorted(set(indices))
    times = [frame.timestamp for frame in frames]
    assert [after - before for before, after in zip(times, times[1:], strict=False)] == [
        3_000 * (after - before) for before, after in zip(indices, indices[1:], strict=False)
    ]
    for before, index in zip([-2, *indices], indices, strict=False):
        assert kinds[index].startswith("idr") or before == index - 1
        assert frames[indices.index(index)].unit.key == kinds[index].startswith("idr")
    return indices


def test_every_order_of_arrival() -> None:
    """In any order all frames are returned without waiting for a deadline, except those that a
    complete IDR after them makes unnecessary.
    """
    needed = {packet.sequence for packet in REST if UNITS[packet.sequence] == 3}
    older = {packet.sequence for packet in REST if UNITS[packet.sequence] < 3}
    for order in permutations(REST):
        reassembly = Reassembly()
        indices = assert_decodable(feed(reassembly, (FIRST, *order)), WHOLE, KINDS)
        assert not reassembly.missing and not reassembly.needs_keyframe
        arrival = [packet.sequence for packet in order]
        jumped = max(map(arrival.index, needed)) < max(map(arrival.index, older))
        assert indices[-3:] == [3, 4, 5]
        if not jumped:
            assert indices == [0, 1, 2, 3, 4, 5]


def test_every_loss_in_order() -> None:
    """For any set of lost packets, exactly the decodable frames are returned by the deadline."""
    for lost in range(1 << len(REST)):
        kept = [packet for bit, packet in enumerate(REST) if not lost >> bit & 1]
        reassembly = Reassembly()
        frames = feed(reassembly, [FIRST, *kept]) + reassembly.expire(1.0)
        indices = assert_decodable(frames, WHOLE, KINDS)
        arrived = {packet.sequence for packet in [FIRST, *kept]}
        complete = [
            all(
                packet.sequence in arrived
                for packet in packets_of(KINDS)
                if UNITS[packet.sequence] == index
            )
            for index in range(len(KINDS))
        ]
        expected, running = [], False
        for index, kind in enumerate(KINDS):
            running = complete[index] and (running or kind.startswith("idr"))
            expected += [index] if running else []
        assert indices == expected
        assert not reassembly.missing


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_orders_and_losses_of_longer_streams(data: st.DataObject) -> None:
    """Random streams with losses, duplicates, late packets and retransmissions: all returned frames
    are decodable.
    """
    kinds = [
        "idr",
        *data.draw(st.lists(st.sampled_from(["idr", "idr2", "p", "p2", "p", "p2"]), max_size=12)),
    ]
    packets, units = packets_of(kinds), samples_of(kinds)
    rest = data.draw(st.permutations(packets[1:])) if data.draw(st.booleans()) else packets[1:]
    kept = [packet for packet in rest if data.draw(st.integers(0, 4))]
    kept += [packet for packet in rest if not data.draw(st.integers(0, 3))]
    reassembly, now, frames = Reassembly(), 0.0, feed(Reassembly(), [])
    for packet in [packets[0], *kept]:
        now += data.draw(st.sampled_from([0.0, 0.01, 0.1, 0.3]))
        frames += reassembly.receive(packet, now)
        frames += reassembly.expire(now)
        reassembly.nacks(now)
    frames += reassembly.expire(now + 1)
    assert_decodable(frames, units, kinds)
    assert not reassembly.missing


def test_duplicates_are_dropped() -> None:
    """A second copy of each packet, at once and at the end, changes nothing."""
    reassembly = Reassembly()
    packets = packets_of(KINDS)
    frames = feed(reassembly, [packet for packet in packets for _ in range(2)] + packets)
    assert assert_decodable(frames, WHOLE, KINDS) == [0, 1, 2, 3, 4, 5]
    assert reassembly.duplicates == 2 * len(packets)


def test_a_retransmission_fills_the_gap_and_measures_the_round_trip() -> None:
    """A missing packet is requested at once and again after `retry`; when it arrives, the frames
    after it are returned.
    """
    packets = packets_of(["idr", "p2", "p", "p"])
    missing = packets[2]
    round_trip = RoundTrip()
    reassembly = Reassembly(round_trip)
    assert len(feed(reassembly, [packet for packet in packets if packet is not missing], 0.0)) == 1
    assert reassembly.nacks(0.0) == [missing.sequence]
    assert reassembly.nacks(round_trip.retry / 2) == []
    assert reassembly.nacks(round_trip.retry) == [missing.sequence]
    assert len(reassembly.receive(missing, 0.1, resent=True)) == 3
    assert (reassembly.repaired, bool(reassembly.missing), reassembly.given_up) == (1, False, 0)
    assert round_trip.smoothed is None  # it is unknown which of two requests was answered
    assert [
        frame.arrived
        for frame in feed(reassembly, packets_of(["idr"], sequence=packets[-1].sequence + 1), 11.0)
    ] == [11.0]


def test_a_lost_last_packet_of_a_frame_is_suspected() -> None:
    """The retransmission of the packet completes the frame before the next frame arrives."""
    packets = packets_of(["idr", "p2", "p"])
    *before, last, after = packets
    round_trip = RoundTrip()
    reassembly = Reassembly(round_trip)
    assert reassembly.suspect(1, 0.0) == []  # No packet has arrived.
    assert len(feed(reassembly, before, 0.0)) == 1
    assert reassembly.suspect(1, 0.01) == [last.sequence]
    assert len(reassembly.receive(last, 0.012, resent=True)) == 1
    assert (reassembly.repaired, bool(reassembly.missing)) == (1, False)
    assert round_trip.least == pytest.approx(0.002)
    assert len(reassembly.receive(after, 0.033)) == 1


def test_a_suspicion_without_a_loss_changes_nothing() -> None:
    packets = packets_of(["idr", "p2", "p"])
    reassembly = Reassembly(RoundTrip())
    feed(reassembly, packets[:1], 0.0)
    assert reassembly.suspect(2, 0.01)
    assert len(feed(reassembly, packets[1:], 0.033)) == 2
    assert (reassembly.repaired, reassembly.nacks(1.0)) == (0, [])


def test_a_gap_is_given_up_at_its_deadline() -> None:
    """Not earlier; then the frames after it wait for an IDR, which is requested."""
    packets = packets_of(["idr", "p", "p", "p", "idr", "p"])
    round_trip = RoundTrip()
    reassembly, deadline = Reassembly(round_trip), round_trip.deadline
    assert MIN_DEADLINE <= deadline <= MAX_DEADLINE
    frames = feed(reassembly, [packets[0], packets[2], packets[3]], 5.0)
    assert (reassembly.expire(5.0 + deadline - 0.001), reassembly.needs_keyframe) == ([], False)
    assert (reassembly.expire(5.0 + deadline + 0.001), reassembly.needs_keyframe) == ([], True)
    assert reassembly.given_up == 1
    frames += feed(reassembly, [packets[1]], 5.3)
    frames += feed(reassembly, packets[4:], 5.4)
    assert assert_decodable(
        frames, samples_of(["idr", "p", "p", "p", "idr", "p"]), ["idr", "p", "p", "p", "idr", "p"]
    ) == [0, 4, 5]
    assert not reassembly.needs_keyframe


def test_a_long_gap_after_an_outage_is_not_repaired() -> None:
    """After a second without packets and a gap of many, nothing is requested again and an IDR is
    needed at once. A short gap, or one without an outage, is repaired.
    """
    packet = packets_of(["p"], sequence=0)[0]
    for hole, silence, mended in (
        (60, 1.0, False),
        (60, 0.05, True),
        (10, 1.0, True),
        (200, 0.05, False),
    ):
        reassembly = Reassembly()
        feed(reassembly, packets_of(["idr"], sequence=0), 1.0)
        reassembly.receive(changed(packet, sequence=1 + hole), 1.0 + silence)
        assert (bool(reassembly.missing), reassembly.needs_keyframe) == (mended, not mended)
        assert len(reassembly.nacks(1.0 + silence)) == (hole if mended else 0)


def numbered(number: int, *, reference: bool = True, key: bool = False) -> bytes:
    """A slice with this `frame_num` (4 bits, as in the SPS of tests.fixtures.media): first_mb 0,
    slice type, PPS 0.
    """
    bits = ("1" + ("00110" if not key else "0001000") + "1" + f"{number:04b}" + "1").ljust(32, "0")
    header = 0x65 if key else 0x41 if reference else 0x01
    return bytes([header]) + int(bits, 2).to_bytes(4, "big") + bytes([number]) * 30


@pytest.mark.parametrize("fragments", [False, True])
@pytest.mark.parametrize(
    ("lost_is_reference", "number", "goes_on"),
    [(False, 6, True), (True, 7, False)],
)
def test_a_lost_frame_without_dependents_costs_only_itself(
    lost_is_reference: bool, number: int, goes_on: bool, fragments: bool
) -> None:
    """`frame_num` shows whether a reference is missing."""
    width = parse_sps(SPS).frame_number_bits
    assert width == 4, "media's SPS has another width: see numbered()"
    payloads = [
        [stap(SPS, PPS, numbered(0, key=True))],
        *([numbered(count)] for count in range(1, 6)),
    ]
    gone = numbered(6, reference=lost_is_reference)
    following = numbered(number)
    payloads += [
        [gone],
        [bytes([0x5C, 0x81]) + following[1:9], bytes([0x5C, 0x41]) + following[9:]]
        if fragments
        else [following],
        [numbered(number + 1)],
    ]
    packets: list[RtpPacket] = []
    for index, unit in enumerate(payloads):
        for place, payload in enumerate(unit):
            packets.append(
                RtpPacket(102, place == len(unit) - 1, len(packets), index * 3_000, 1, payload)
            )
    reassembly = Reassembly()
    frames = feed(reassembly, [packet for packet in packets if packet.payload != gone], 0.0)
    assert len(frames) == 6
    frames += reassembly.expire(1.0)
    assert reassembly.needs_keyframe is not goes_on
    assert len(frames) == (8 if goes_on else 6)


def test_an_idr_after_a_gap_does_not_wait() -> None:
    """As soon as it is complete, frames are returned from there on, and the packets missing before
    it are no longer requested.
    """
    kinds = ["idr", "p", "p", "idr2", "p"]
    packets = packets_of(kinds)
    reassembly = Reassembly()
    frames = feed(reassembly, [packets[0], packets[2], packets[3]], 1.0)
    assert len(frames) == 1
    frames += reassembly.receive(packets[4], 1.01)
    assert assert_decodable(frames, samples_of(kinds), kinds) == [0, 3]
    assert (reassembly.nacks(2.0), bool(reassembly.missing), reassembly.given_up) == ([], False, 1)
    assert len(reassembly.receive(packets[5], 1.02)) == 1


def test_a_sender_without_markers() -> None:
    """Without marker bits, the next timestamp ends an access unit; padding packets in between do no
    harm.
    """
    packets = packets_of(["idr2", "p2", "p", "p"], marker=False)
    frames = feed(Reassembly(), packets)
    assert [frame.unit.data for frame in frames] == samples_of(["idr", "p", "p"])
    padded: list[RtpPacket] = []
    for packet in packets_of(["idr", "p", "p"]):
        padded.append(changed(packet, sequence=len(padded)))
        padded.append(changed(packet, sequence=len(padded), payload=b"", marker=False))
    assert len(feed(Reassembly(), padded)) == 3


def test_a_stream_begins_at_an_idr() -> None:
    """P frames before the first IDR, and an access unit without its beginning, are not returned."""
    kinds = ["p", "p2", "idr", "p"]
    packets = packets_of(kinds)
    reassembly = Reassembly()
    assert reassembly.needs_keyframe
    assert assert_decodable(feed(reassembly, packets[2:]), samples_of(kinds), kinds) == [2, 3]
    headless = packets_of(["idr2", "p", "idr", "p"])[1:]
    assert [frame.unit.data for frame in feed(Reassembly(), headless)] == samples_of(
        ["idr", "p", "idr", "p"]
    )[2:]


def test_frames_after_a_broken_payload_wait_for_an_idr() -> None:
    """An access unit that cannot be depacketised is counted; from there on an IDR is needed."""
    packets = packets_of(["idr", "p", "p", "idr"])
    packets[1] = changed(packets[1], payload=b"\x7c\x41no start")
    reassembly = Reassembly()
    frames = feed(reassembly, packets[:3])
    assert reassembly.needs_keyframe and reassembly.broken_units == 1
    frames += feed(reassembly, packets[3:])
    assert [frame.unit.key for frame in frames] == [True, True]


@pytest.mark.parametrize("jump", [3_001, 30_000, 40_000])
def test_a_sender_that_restarts(jump: int) -> None:
    """A large step of the sequence numbers is no gap; an IDR is needed."""
    reassembly = Reassembly()
    feed(reassembly, packets_of(["idr", "p"], sequence=100))
    frames = feed(
        reassembly, packets_of(["p", "idr", "p"], sequence=101 + jump & 0xFFFF, timestamp=5)
    )
    assert [frame.unit.data for frame in frames] == samples_of(["p", "idr", "p"])[1:]
    assert not reassembly.missing


def test_the_buffer_is_bounded() -> None:
    """With a gap that is never filled and no deadline, at most 2,048 packets and gaps are kept."""
    reassembly = Reassembly()
    feed(reassembly, packets_of(["idr"], sequence=0))
    packet = packets_of(["p"])[0]
    for number in range(10_000):
        reassembly.receive(
            changed(
                packet, sequence=2 + number * 2 & 0xFFFF, timestamp=number * 3_000 & 0xFFFFFFFF
            ),
            0.0,
        )
        assert len(reassembly._buffer) <= MAX_BUFFERED
        assert len(reassembly.missing) <= 2 * MAX_BUFFERED
    assert len(reassembly.nacks(0.0)) <= MAX_NACKS


def test_a_large_gap_costs_no_more_than_a_restart() -> None:
    """A gap that is too large to repair leaves nothing to request, and the next IDR plays."""
    reassembly = Reassembly()
    feed(reassembly, packets_of(["idr", "p"], sequence=100))
    frames = feed(
        reassembly, packets_of(["p", "idr", "p"], sequence=102 + MAX_NACKS + 1, timestamp=9_000)
    )
    assert not reassembly.missing and reassembly.nacks(1.0) == []
    assert [frame.unit.data for frame in frames] == samples_of(["p", "idr", "p"])[1:]
    assert reassembly.given_up == MAX_NACKS + 1


def test_an_access_unit_is_bounded() -> None:
    """Packets of one timestamp without a marker bit: the unit is dropped at its bound, and the
    next keyframe plays.
    """
    reassembly = Reassembly()
    feed(reassembly, packets_of(["idr"], sequence=0, timestamp=0))
    endless = packets_of(["p"], marker=False)[0]
    for number in range(2 * MAX_UNIT_PACKETS + 10):
        frames = reassembly.receive(changed(endless, sequence=1 + number, timestamp=3_000), 0.0)
        assert frames == [] and len(reassembly._unit) <= MAX_UNIT_PACKETS
    assert reassembly.broken_units == 2 and reassembly.needs_keyframe
    after = packets_of(["idr", "p"], sequence=2 * MAX_UNIT_PACKETS + 11, timestamp=6_000)
    assert [frame.unit.key for frame in feed(reassembly, after)] == [True, False]


@pytest.mark.timeout(60)
def test_a_sender_that_marks_every_packet_as_a_keyframe() -> None:
    """Behind a gap, each packet costs the same, however many packets wait. (Two loops over all
    waiting packets took minutes.)
    """
    reassembly = Reassembly()
    feed(reassembly, packets_of(["idr"], sequence=0, timestamp=0))
    start = packets_of(["idr2"], marker=False)[0]
    for number in range(MAX_BUFFERED):
        reassembly.receive(changed(start, sequence=2 + number, timestamp=3_000), 0.0)
    assert len(reassembly._buffer) == MAX_BUFFERED


def test_timestamps_are_unwrapped() -> None:
    """Across 2³² ticks frames stay 3,000 ticks apart."""
    frames = feed(Reassembly(), packets_of(["idr", "p", "p"], timestamp=2**32 - 3_000))
    assert [frame.timestamp for frame in frames] == [2**32 - 3_000, 2**32, 2**32 + 3_000]


def test_recovery_points_replace_keyframes_once_they_may() -> None:
    """A recovery point behind a loss is marked, and so is the first one."""
    units = [[b"\x06\x06\x01\xc4\x80", SLICE] if n in (2, 5, 8) else [SLICE] for n in range(10)]
    packets = media.rtp_packets(units)
    reassembly = Reassembly()
    frames: list[EncodedFrame] = []
    for packet in packets:
        number = (packet.timestamp - 90_000) // 3_000
        reassembly.takes_recovery_points = number >= 4
        if number != 6:
            frames += reassembly.receive(packet, number / 30)
        if number == 4:
            assert reassembly.undecodable == 4 and reassembly.needs_keyframe
    frames += reassembly.expire(60.0)
    entries = [
        ((frame.timestamp - 90_000) // 3_000, frame.broken) for frame in frames if frame.entry
    ]
    assert entries == [(5, True), (8, True)] and reassembly.undecodable == 0
    assert [(frame.timestamp - 90_000) // 3_000 for frame in frames] == [5, 8, 9]
