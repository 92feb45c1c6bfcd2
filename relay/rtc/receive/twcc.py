"""Transport-wide congestion control feedback: when each packet of a transport arrived
(draft-holmer-rmcat-transport-wide-cc-extensions-01 §3).

The sender numbers all packets of the transport in one row, whatever stream they belong to, and
steers its bitrate by how far apart they arrive. Pure.
"""

from struct import Struct

from relay.rtc.rtp import Unwrapper

EVERY = 0.05
"""Seconds between two reports at the least; what libwebrtc's own receiver does at its fastest."""
MANY = 200
"""Packets after which a report does not wait any longer: a keyframe's burst."""
MAX_STATUSES = 2_000
"""Packets that one report speaks of; a longer jump of the numbers is a sender that started
afresh.
"""
KEPT = 500
"""Packets behind the newest for which a straggler is still reported, and those around it once
more.
"""

_HEADER = Struct("!BBHIIHHHBB")
_TICK = 4_000
"""Arrival times are counted in 250 µs."""
_REFERENCE = 256
"""Ticks (64 ms) that the reference time is counted in."""
_LOST, _SMALL, _LARGE = 0, 1, 2
_RUN_MAX = 0x1FFF


class TransportFeedback:
    """Notes arrivals, and writes the reports of one transport. `receive` and, when `due`,
    `reports`.
    """

    def __init__(self, sender_ssrc: int) -> None:
        self._sender_ssrc = sender_ssrc
        self._fresh: list[tuple[int, float]] = []
        self._numbers = Unwrapper(16)
        self._arrivals: dict[int, int] = {}
        """Ticks by unwrapped number, the last `KEPT` and what was not reported yet."""
        self._next: int | None = None
        """The first number not reported yet."""
        self._highest = 0
        self._count = 0
        self._sent = 0.0

    def receive(self, sequence: int, now: float) -> None:
        """A packet with this 16-bit transport-wide number arrived. Only notes it: everything else
        is done once a report.
        """
        self._fresh.append((sequence, now))

    def due(self, now: float) -> bool:
        """Whether there is something to report, and it is time to."""
        return bool(self._fresh) and (now - self._sent >= EVERY or len(self._fresh) >= MANY)

    def reports(self, media_ssrc: int, now: float) -> list[bytes]:
        """RTCP packets that say of every number since the last report when it came, or that it did
        not.
        """
        self._sent = now
        first = self._take_fresh()
        if first is None:
            return []
        arrivals = [self._arrivals.get(number) for number in range(first, self._highest + 1)]
        self._next = self._highest + 1
        written = []
        while arrivals:
            taken, packet = write_feedback(
                self._sender_ssrc, media_ssrc, first, arrivals, self._count
            )
            self._count = self._count + 1 & 0xFF
            written.append(packet)
            first += taken
            arrivals = arrivals[taken:]
        self._forget()
        return written

    def _take_fresh(self) -> int | None:
        """Sorts in what arrived. Returns the number that the report begins with; None where there
        is nothing to say.
        """
        fresh, self._fresh = self._fresh, []
        first = self._next
        arrivals = self._arrivals
        for sequence, now in fresh:
            number = self._numbers.unwrap(sequence)
            if self._next is None or abs(number - self._highest) > MAX_STATUSES:
                arrivals.clear()
                self._next = first = self._highest = number
            elif number <= self._highest - KEPT or number in arrivals:
                continue  # too old to matter, or a duplicate: the first arrival counts
            assert first is not None
            arrivals[number] = int(now * _TICK)
            first = min(first, number)
            self._highest = max(self._highest, number)
        return first if first is not None and first <= self._highest else None

    def _forget(self) -> None:
        if len(self._arrivals) > 2 * KEPT:
            self._arrivals = {
                number: ticks
                for number, ticks in self._arrivals.items()
                if number > self._highest - KEPT
            }


def write_feedback(
    sender_ssrc: int, media_ssrc: int, first: int, arrivals: list[int | None], count: int
) -> tuple[int, bytes]:
    """One RTCP packet (RTPFB, format 15) of `arrivals` (ticks of 250 µs, None where lost) from the
    unwrapped number `first` on.

    Returns how many of them it speaks of, at least one: an arrival that lies more than 8.19 s from
    the one before needs a packet of its own.
    """
    received = next((ticks for ticks in arrivals if ticks is not None), 0)
    reference = received // _REFERENCE
    before = reference * _REFERENCE
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
    body = _chunks(symbols) + bytes(deltas)
    # Zeros behind the last delta, as the draft has it, and no padding flag: not every reader of
    # RTCP expects that in feedback.
    body += bytes(-len(body) & 3)
    words = (_HEADER.size + len(body)) // 4 - 1
    moment = (reference >> 8 & 0xFFFF, reference & 0xFF)
    head = _HEADER.pack(
        0x8F, 205, words, sender_ssrc, media_ssrc, first & 0xFFFF, len(symbols), *moment, count
    )
    return len(symbols), head + body


def _chunks(symbols: list[int]) -> bytes:
    """Packet status chunks (§3.1.3, §3.1.4): a run of one symbol, 14 of one bit, or 7 of two
    bits.
    """
    out = bytearray()
    at, size = 0, len(symbols)
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
