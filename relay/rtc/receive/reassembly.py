"""Reassembles video packets into complete access units, in order. Pure; `now` is in seconds."""

from typing import Final

from relay.errors import BitstreamError
from relay.media.h264 import AccessUnit
from relay.rtc.receive.gaps import MAX_NACKS, Gap, Gaps
from relay.rtc.receive.payload import FORMATS, PayloadFormat
from relay.rtc.roundtrip import RoundTrip
from relay.rtc.rtp import RtpPacket, Unwrapper

MAX_BUFFERED: Final = 2_048
"""Maximum number of packets that wait behind a gap: about 2.5 MB at 1,200 bytes each."""
MAX_JUMP: Final = 3_000
"""Difference between two consecutive sequence numbers above which the sender is assumed to have
restarted.
"""
OUTAGE: Final = 0.2
"""Time without packets after which a gap of more than SHORT packets is not repaired, seconds.
Repairing such a gap would take longer than waiting for a new keyframe.
"""
SHORT: Final = 16
MAX_UNIT_PACKETS: Final = 3_000
"""Maximum number of packets in one access unit: 3.6 MB at 1,200 bytes each."""


class EncodedFrame:
    """One complete access unit. It can be decoded if all frames since the last keyframe were
    decoded.
    """

    __slots__ = ("arrived", "broken", "entry", "timestamp", "unit")

    def __init__(
        self,
        timestamp: int,
        unit: AccessUnit,
        arrived: float,
        recovery: bool = False,
        broken: bool = False,
    ) -> None:
        self.timestamp = timestamp
        """Unwrapped RTP timestamp, in ticks of 90 kHz."""
        self.unit = unit
        self.arrived = arrived
        """Arrival time of the frame's last packet, in seconds of the caller's clock."""
        self.entry = unit.key or recovery
        """Whether decoding can start here: at a keyframe, or at a recovery point of an encoder that
        sends no keyframes.
        """
        self.broken = broken
        """Whether the frame is a recovery point behind a loss, or the first frame of all. Only a
        decoder that knows recovery points shows pictures from here on.
        """


class Reassembly:
    """Reassembles the frames of one video source.

    Call `receive` for each packet and `expire` regularly. Each call returns the completed frames.
    `nacks(now)` returns the sequence numbers of missing packets to request. After the loss of a
    reference frame, `needs_keyframe` is set, and no frame is returned before the next keyframe, or
    before the next recovery point if `takes_recovery_points` is set.
    """

    __slots__ = (
        "_buffer",
        "_gaps",
        "_highest",
        "_key_end",
        "_key_start",
        "_last",
        "_lost",
        "_next",
        "_payload",
        "_sps",
        "_timestamps",
        "_unit",
        "_unit_arrived",
        "_unit_timestamp",
        "_unit_whole",
        "broken_units",
        "duplicates",
        "given_up",
        "last_arrival",
        "missing",
        "needs_keyframe",
        "repaired",
        "takes_recovery_points",
        "undecodable",
    )

    def __init__(
        self, round_trip: RoundTrip | None = None, payload: PayloadFormat = FORMATS["H264"]
    ) -> None:
        self._payload = payload
        self.needs_keyframe = True
        self.takes_recovery_points = False
        """Whether recovery points replace keyframes, because the encoder sends no keyframes."""
        self.undecodable = 0
        """Number of complete frames dropped since the last keyframe, because the keyframe before
        them is missing.
        """
        self.duplicates = 0
        self.given_up = 0
        """Number of packets that did not arrive in time."""
        self.repaired = 0
        self.broken_units = 0
        self._timestamps = Unwrapper(32)
        self._next: int | None = None
        self._buffer: dict[int, tuple[RtpPacket, float]] = {}
        self._highest = 0
        self.last_arrival = 0.0
        """Arrival time of the last packet, in seconds of the caller's clock; 0 before the first."""
        self._gaps = Gaps(round_trip or RoundTrip())
        self.missing: dict[int, Gap] = self._gaps.missing
        """The missing packets of this source, oldest first; empty if none is missing."""
        self._key_start: int | None = None
        """Sequence number of the newest buffered packet that begins a keyframe."""
        self._key_end = 0
        """The sequence number that must be looked up next in the buffer. All packets from
        `_key_start` up to this number (exclusive) are in the buffer and belong to the newest
        buffered keyframe.
        """
        self._unit: list[bytes] = []
        """The payloads of the current access unit so far, in order."""
        self._unit_timestamp = 0
        self._unit_whole = False
        self._unit_arrived = 0.0
        self._lost = 0
        """Number of packets given up since the last frame. The next frame shows whether the lost
        packets contained a reference frame.
        """
        self._sps = b""
        self._last: AccessUnit | None = None

    def receive(self, packet: RtpPacket, now: float, *, resent: bool = False) -> list[EncodedFrame]:
        """Takes a packet of this source; packets may come in any order. Returns the frames that the
        packet completes.

        `resent`: whether the packet is a retransmission.
        """
        expected = self._next
        if (
            expected is not None
            and packet.sequence == expected & 0xFFFF
            and not self._buffer
            and not resent
        ):
            # The usual case: the packet is the next in order, and the buffer is empty.
            self.last_arrival = now
            self._next, self._highest = expected + 1, expected
            frame = self._take(packet, now)
            return [] if frame is None else [frame]
        return self._receive_apart(packet, now, resent)

    def _receive_apart(self, packet: RtpPacket, now: float, resent: bool) -> list[EncodedFrame]:
        """Takes a packet that is out of order, or that arrives while other packets wait."""
        silence, self.last_arrival = now - self.last_arrival, now
        ahead = (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        sequence = self._highest + ahead
        if self._next is None:
            sequence = packet.sequence
            self._next = self._highest = sequence
        elif abs(ahead) > MAX_JUMP:
            self._restart(sequence)
        if sequence < self._next or sequence in self._buffer:
            self.duplicates += 1
            self._gaps.receive_copy(sequence, now, resent=resent)
            return []
        hole = sequence - max(self._highest + 1, self._next)
        if hole > MAX_NACKS:
            # This gap is too long to repair. Decoding restarts at a keyframe, so earlier gaps are
            # given up too.
            self.given_up += hole + len(self.missing)
            self._restart(sequence)
        if sequence == self._next and not self._buffer:
            if resent and self._gaps.confirm(sequence, now):
                self.repaired += 1
            self._next += 1
            self._highest = sequence
            frame = self._take(packet, now)
            return [frame] if frame else []
        self._note_gap(sequence, now, resent)
        self._buffer[sequence] = (packet, now)
        if self._payload.starts_keyframe(packet.payload):
            self._note_keyframe(sequence)
        hopeless = hole > SHORT and silence > OUTAGE
        self.needs_keyframe = self.needs_keyframe or hopeless
        if hopeless or len(self._buffer) > MAX_BUFFERED:
            return self._give_up()
        return self._drain() + self._jump_to_keyframe()

    def expire(self, now: float) -> list[EncodedFrame]:
        """Gives up the gaps whose deadline has passed. Returns the frames behind these gaps."""
        frames: list[EncodedFrame] = []
        while self._gaps.overdue(now):
            frames += self._give_up()
        return frames

    def suspect(self, count: int, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers to request now after the transport has lost `count`
        packets. The lost packets are probably the next packets of this source: after the last
        packets of a frame, no packet shows their loss until the next frame arrives.
        """
        return [] if self._next is None else self._gaps.suspect(self._highest + 1, count, now)

    def lacks(self, sequence: int) -> bool:
        """Whether the packet with this 16-bit sequence number is missing or was requested."""
        ahead = (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        return self._gaps.lacks(self._highest + ahead)

    def nacks(self, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers of the missing packets to request now, in the order
        in which they were sent.
        """
        return self._gaps.nacks(now)

    def nacks_due_at(self) -> float:
        """Returns the time at which to call `nacks` next, seconds; infinite if no packet needs a
        request.
        """
        return self._gaps.due_at()

    @property
    def packets(self) -> int:
        """Number of packets that wait behind a gap or belong to an incomplete access unit."""
        return len(self._buffer) + len(self._unit)

    def _note_gap(self, sequence: int, now: float, resent: bool) -> None:
        """Updates the gaps after a packet arrived."""
        if self._gaps.fill(sequence, now, resent=resent):
            self.repaired += 1
        self._gaps.add(max(self._highest + 1, self._next or 0), sequence, now)
        self._highest = max(self._highest, sequence)

    def _note_keyframe(self, start: int) -> None:
        """Stores `start`, the sequence number at which a keyframe starts, if this keyframe is newer
        than the stored one. Only one start is stored, because a sender may mark every packet as the
        start of a keyframe.
        """
        if self._key_start is None or start > self._key_start:
            self._key_start = self._key_end = start

    def _drain(self) -> list[EncodedFrame]:
        frames = []
        assert self._next is not None
        while self._buffer:
            entry = self._buffer.pop(self._next, None)
            if entry is None:
                break
            self._next += 1
            frame = self._take(*entry)
            if frame:
                frames.append(frame)
        if self._key_start is not None and self._key_start < self._next:
            self._key_start = None
        return frames

    def _take(self, packet: RtpPacket, arrived: float) -> EncodedFrame | None:
        """Appends the next packet in sequence order to the current access unit. Returns the frame
        that the packet completes; None if the packet completes no frame.
        """
        frame = None
        unit, payload = self._unit, packet.payload
        if unit and packet.timestamp != self._unit_timestamp:
            # The sender omitted the marker bit: the new timestamp shows that the access unit has
            # ended.
            frame = self._finish(self._unit_arrived)
            unit = self._unit
        if payload:
            if len(unit) >= MAX_UNIT_PACKETS:
                self._drop_oversized_unit()
                unit = self._unit
            if not unit:
                self._unit_whole = self._unit_whole or self._starts_whole(payload)
                self._unit_timestamp = packet.timestamp
            unit.append(payload)
            self._unit_arrived = arrived
        if packet.marker and unit:
            frame = self._finish(arrived)
        return frame

    def _starts_whole(self, payload: bytes) -> bool:
        return self._payload.starts_keyframe(payload) or (
            self._lost > 0 and self._payload.starts_access_unit(payload)
        )

    def _finish(self, arrived: float) -> EncodedFrame | None:
        payloads, self._unit = self._unit, []
        whole, self._unit_whole = self._unit_whole, True
        timestamp = self._timestamps.unwrap(self._unit_timestamp)
        if not whole:
            self.needs_keyframe = self.needs_keyframe or not self._lost
            return None
        try:
            unit = self._payload.access_unit(payloads)
        except BitstreamError:
            self.broken_units += 1
            self.needs_keyframe = True
            return None
        decodable = self._decodable(unit)
        recovery = unit.recovery_point and self.takes_recovery_points
        if not decodable and not recovery:
            self.undecodable += 1
            return None
        if recovery:
            self.needs_keyframe = False
        if unit.data:
            self.undecodable = 0
            self._last = unit
        self._sps = unit.sps or self._sps
        return EncodedFrame(timestamp, unit, arrived, recovery, recovery and not decodable)

    def _decodable(self, unit: AccessUnit) -> bool:
        """Whether all reference frames of the access unit have been returned already."""
        if unit.key:
            self.needs_keyframe, self._lost = False, 0
        elif unit.data and self._lost:
            self.needs_keyframe = (
                self.needs_keyframe
                or self._last is None
                or not self._payload.follows(self._sps, self._last, unit, self._lost)
            )
            self._lost = 0
        return unit.key or not unit.data or not self.needs_keyframe

    def _give_up(self) -> list[EncodedFrame]:
        """Skips the first gap, and drops the access unit that contains the gap."""
        self._lose_unit()
        self._next = min(self._buffer) if self._buffer else self._highest + 1
        self._give_up_gaps()
        return self._drain()

    def _jump_to_keyframe(self) -> list[EncodedFrame]:
        """If all packets of the newest buffered keyframe have arrived, skips to this keyframe. The
        gaps before the keyframe are given up, even if their deadlines have not passed.
        """
        start = self._key_start
        if start is None:
            return []
        timestamp = self._buffer[start][0].timestamp
        while entry := self._buffer.get(self._key_end):
            if entry[0].timestamp != timestamp:
                break
            if entry[0].marker:
                self._lose_unit()
                self._next = start
                for skipped in [number for number in self._buffer if number < start]:
                    del self._buffer[skipped]
                self._give_up_gaps()
                return self._drain()
            self._key_end += 1
        return []

    def _drop_oversized_unit(self) -> None:
        self._lose_unit()
        self.broken_units += 1
        self.needs_keyframe = True

    def _lose_unit(self) -> None:
        self._unit = []
        self._unit_whole = False

    def _give_up_gaps(self) -> None:
        assert self._next is not None
        lost = self._gaps.give_up(self._next)
        self._lost += lost
        self.given_up += lost

    def _restart(self, sequence: int) -> None:
        self.needs_keyframe = True
        self._lose_unit()
        self._buffer.clear()
        self._gaps.clear()
        self._key_start = None
        self._next = self._highest = sequence
