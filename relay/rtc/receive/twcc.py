"""Transport-wide congestion control feedback: tells the sender when each packet of a transport
arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3). Pure; `now` in seconds.

The sender numbers the packets of all its streams in one sequence. From the intervals between the
arrivals, the sender estimates which bitrate the path can carry.
"""

from array import array
from operator import sub
from struct import Struct
from typing import Final

EVERY: Final = 0.05
"""Minimum time between two reports, seconds, as in libwebrtc's receiver."""
MANY: Final = 200
"""Number of unreported packets at which a report is due at once. A keyframe can have that many
packets.
"""
MAX_STATUSES: Final = 1_000
"""Maximum number of sequence numbers in a report, both of received and of lost packets. If the
unreported numbers span a larger range, the sender is assumed to have restarted. Without this limit,
a sender that skips many numbers would cause much work.
"""
MAX_REPORTS: Final = 2
"""Maximum number of feedback packets written at a time. One packet is enough, unless two arrivals
are more than 8.19 s apart.
"""
KEPT: Final = 500
"""Maximum distance of a late packet from the newest sequence number. A late packet within this
distance is reported. The same report also repeats the arrival times of all packets with higher
numbers.
"""

_PLACES: Final = 2_048
"""Number of arrival times that are stored: a power of 2 above MAX_STATUSES + KEPT."""
_NEVER: Final = -1
"""The arrival time of a packet that has not arrived."""
_HEADER = Struct("!BBHIIHHHBB")
_TICK: Final = 4_000
"""Resolution of an arrival time, in ticks per second: one tick is 250 µs."""
_REFERENCE: Final = 256
"""Unit of the reference time, in ticks: one unit is 64 ms."""
_LOST: Final = 0
_SMALL: Final = 1
_LARGE: Final = 2
_RUN_MAX: Final = 0x1FFF


class TransportFeedback:
    """Records arrivals and writes the feedback of one transport. Call `receive` for each packet,
    and `reports` when `due` is true.
    """

    __slots__ = (
        "_arrivals",
        "_count",
        "_fresh",
        "_fresh_times",
        "_highest",
        "_next",
        "_sender_ssrc",
        "_sent",
    )

    def __init__(self, sender_ssrc: int) -> None:
        self._sender_ssrc = sender_ssrc
        self._fresh: list[int] = []
        """The 16-bit sequence numbers of the packets that arrived since the last report."""
        self._fresh_times: list[float] = []
        """Arrival time of each packet in `_fresh`, in seconds."""
        self._arrivals = _no_arrivals()
        """Arrival times in ticks of the newest sequence numbers, up to `_highest`. The index is the
        unwrapped sequence number modulo _PLACES. A dictionary would take eight times as much
        memory, which does not stay in the caches of a processor.
        """
        self._next: int | None = None
        """The first sequence number that has not been reported yet."""
        self._highest = 0
        self._count = 0
        self._sent = 0.0

    def receive(self, sequence: int, now: float) -> bool:
        """Stores the arrival time of the packet with this 16-bit transport-wide sequence number.
        Returns whether so many packets are unreported that a report is due at once.
        """
        fresh = self._fresh
        fresh.append(sequence)
        self._fresh_times.append(now)
        return len(fresh) >= MANY

    @property
    def due_at(self) -> float:
        """Time at which the next report is due, seconds. The report is due earlier if many packets
        arrive.
        """
        return self._sent + EVERY

    def due(self, now: float) -> bool:
        """Whether to send a report now."""
        return bool(self._fresh) and (now - self._sent >= EVERY or len(self._fresh) >= MANY)

    def reports(self, media_ssrc: int, now: float) -> list[bytes]:
        """Returns RTCP packets that report the arrival time or the loss of each sequence number
        since the last report.
        """
        self._sent = now
        first = self._take_fresh()
        if first is None:
            return []
        arrivals = self._arrivals_from(first)
        self._next = self._highest + 1
        written: list[bytes] = []
        while arrivals and len(written) < MAX_REPORTS:
            taken, packet = write_feedback(
                self._sender_ssrc, media_ssrc, first, arrivals, self._count
            )
            self._count = self._count + 1 & 0xFF
            written.append(packet)
            first += taken
            arrivals = arrivals[taken:]
        return written

    def _arrivals_from(self, first: int) -> list[int | None]:
        """Returns the arrival times from the number `first` to `_highest`, in ticks; None for a
        packet that has not arrived.
        """
        begin, end = first % _PLACES, (self._highest + 1) % _PLACES
        stored = self._arrivals
        found = stored[begin:end] if begin < end else stored[begin:] + stored[:end]
        if _NEVER in found:
            return [None if ticks == _NEVER else ticks for ticks in found]
        return [*found]

    def _take_fresh(self) -> int | None:
        """Adds the arrivals in `_fresh` to `_arrivals`. Returns the first sequence number to
        report; None if there is nothing to report.
        """
        fresh, times = self._fresh, self._fresh_times
        self._fresh, self._fresh_times = [], []
        first, highest = self._next, self._highest
        start, place, count = highest + 1 & 0xFFFF, (highest + 1) % _PLACES, len(fresh)
        if (
            first == highest + 1
            and fresh == list(range(start, start + count))
            and count <= MANY
            and place + count <= _PLACES
        ):
            # The usual case: all packets arrived, and in order.
            self._arrivals[place : place + count] = array("q", [int(now * _TICK) for now in times])
            self._highest = highest + count
            return first if count else None
        return self._take_any(fresh, times)

    def _take_any(self, fresh: list[int], times: list[float]) -> int | None:
        """Does the same as `_take_fresh` for packets in any order."""
        first, highest = self._next, self._highest
        arrivals = self._arrivals
        for sequence, now in zip(fresh, times, strict=True):
            ahead = (sequence - highest + 0x8000 & 0xFFFF) - 0x8000
            number = sequence if first is None else highest + ahead
            if ahead != 1 or first is None or number - first >= MAX_STATUSES:
                if self._restarted(number, highest):
                    arrivals = self._arrivals = _no_arrivals()
                    self._next = first = highest = number
                elif number <= highest and (
                    number <= highest - KEPT or arrivals[number % _PLACES] != _NEVER
                ):
                    continue  # too old, or a duplicate: the first arrival counts
                assert first is not None
                first = min(first, number)
            for missing in range(highest + 1, number):
                arrivals[missing % _PLACES] = _NEVER
            arrivals[number % _PLACES] = int(now * _TICK)
            if number > highest:
                highest = number
        self._highest = highest
        return first if first is not None and first <= highest else None

    def _restarted(self, number: int, highest: int) -> bool:
        """Whether the sender has restarted its numbering, or has skipped more numbers than a report
        can hold.
        """
        if self._next is None or abs(number - highest) > MAX_STATUSES:
            return True
        return number - self._next >= MAX_STATUSES


def _no_arrivals() -> "array[int]":
    return array("q", (_NEVER,)) * _PLACES


def write_feedback(
    sender_ssrc: int, media_ssrc: int, first: int, arrivals: list[int | None], count: int
) -> tuple[int, bytes]:
    """Writes one RTCP packet (RTPFB, format 15). `arrivals`: arrival times in ticks of 250 µs,
    beginning with the packet whose unwrapped number is `first`; None for a lost packet.

    Returns how many entries of `arrivals` the RTCP packet contains (at least one), and the RTCP
    packet. If two arrivals are more than 8.19 s apart, the second arrival needs another RTCP
    packet.
    """
    received = arrivals[0]
    if received is None:
        received = next((ticks for ticks in arrivals if ticks is not None), 0)
    reference = received // _REFERENCE
    before = reference * _REFERENCE
    symbols, deltas = _in_order(before, arrivals) or _statuses(before, arrivals)
    body = _chunks(symbols) + deltas
    # The draft pads with zeros after the last delta. The padding flag stays unset, because some
    # RTCP parsers do not expect this flag in feedback.
    body += bytes(-len(body) & 3)
    words = (_HEADER.size + len(body)) // 4 - 1
    head = _HEADER.pack(
        0x8F,
        205,
        words,
        sender_ssrc,
        media_ssrc,
        first & 0xFFFF,
        len(symbols),
        reference >> 8 & 0xFFFF,
        reference & 0xFF,
        count,
    )
    return len(symbols), head + body


def _in_order(before: int, arrivals: list[int | None]) -> tuple[list[int], bytes] | None:
    """Returns symbols and deltas like `_statuses`, but only for the usual case: no packet was lost,
    and each packet arrived after the previous packet and at most 64 ms later. Otherwise returns
    None.
    """
    if len(arrivals) > MAX_STATUSES or None in arrivals:
        return None
    times: list[int] = [before, *arrivals]  # type: ignore[list-item]
    try:
        deltas = bytes(map(sub, times[1:], times))
    except ValueError:  # a delta is not one byte
        return None
    return [_SMALL] * len(deltas), deltas


def _statuses(before: int, arrivals: list[int | None]) -> tuple[list[int], bytes]:
    """Returns the symbol of each packet, and the deltas of the packets that arrived. `before`: the
    reference time in ticks. The result ends before the first packet whose delta does not fit into
    16 bits.
    """
    symbols: list[int] = []
    deltas = bytearray()
    for ticks in arrivals[:MAX_STATUSES]:
        if ticks is None:
            symbols.append(_LOST)
            continue
        delta = ticks - before
        if 0 <= delta < 256:
            symbols.append(_SMALL)
            deltas.append(delta)
        elif -32_768 <= delta < 32_768:
            symbols.append(_LARGE)
            deltas += delta.to_bytes(2, "big", signed=True)
        else:
            break
        before = ticks
    return symbols, bytes(deltas)


def _chunks(symbols: list[int]) -> bytes:
    """Returns packet status chunks (§3.1.3, §3.1.4). Each chunk contains either one symbol and the
    number of its repetitions, or 14 symbols of one bit each, or 7 symbols of two bits each.
    """
    at, size = 0, len(symbols)
    if symbols.count(symbols[0]) == size:  # as in most reports
        return (symbols[0] << 13 | size).to_bytes(2, "big")
    out = bytearray()
    while at < size:
        symbol = symbols[at]
        run = 1
        while at + run < size and run < _RUN_MAX and symbols[at + run] == symbol:
            run += 1
        following = symbols[at : at + 14]
        if run >= 14 or at + run == size:
            chunk, taken = symbol << 13 | run, run
        elif _LARGE not in following:
            chunk, taken = 0x8000, len(following)
            for place, each in enumerate(following):
                chunk |= each << 13 - place
        elif run >= 7:
            chunk, taken = symbol << 13 | run, run
        else:
            chunk, taken = 0xC000, min(7, size - at)
            for place, each in enumerate(following[:7]):
                chunk |= each << 12 - 2 * place
        out += chunk.to_bytes(2, "big")
        at += taken
    return bytes(out)
