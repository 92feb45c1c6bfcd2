"""Video packets to access units, whole and in order. Takes packets and `now`; owns no clock, socket or timer."""

from dataclasses import dataclass

from relay.errors import BitstreamError
from relay.h264 import AccessUnit
from relay.rtc.payload import FORMATS, PayloadFormat
from relay.rtc.rtp import RtpPacket, Unwrapper

MAX_HELD = 2_048
"""Packets held at most; at 1,200 bytes each some 2.5 MB."""
MAX_JUMP = 3_000
"""A larger step in sequence numbers is a sender that started afresh."""
MAX_NACKS = 128
"""Packets asked for at one time; a larger hole is not worth mending."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One access unit, decodable by whoever has decoded all pictures since the last key one."""

    timestamp: int
    """Unwrapped RTP timestamp, 90 kHz."""
    unit: AccessUnit
    arrived: float
    """When its last packet came, seconds of the caller's clock."""


@dataclass(slots=True)
class _Gap:
    since: float
    asked: float | None = None
    times: int = 0


class Reassembly:
    """Reassembles one video source.

    Feed it with `receive`, and call `expire` now and then; both return pictures. What is missing is in `nacks(now)`. After a gap that was
    not mended in time nothing comes out until the next IDR, and `needs_keyframe` is set until then.
    """

    def __init__(self, deadline: float = 0.2, retry: float = 0.04, payload: PayloadFormat = FORMATS["H264"]) -> None:
        self._payload = payload
        self.deadline = deadline
        """Seconds after which a gap is given up."""
        self.retry = retry
        """Seconds between two requests for the same packet: the round trip, measured by what was repaired."""
        self.needs_keyframe = True
        self.duplicates = 0
        self.given_up = 0
        """Packets that were never received in time."""
        self.repaired = 0
        self.broken_units = 0
        self._sequences = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._next: int | None = None
        self._held: dict[int, tuple[RtpPacket, float]] = {}
        self._highest = 0
        self._gaps: dict[int, _Gap] = {}
        self._idr_starts: list[int] = []
        self._unit: list[RtpPacket] = []
        self._unit_whole = False
        self._unit_arrived = 0.0

    def receive(self, packet: RtpPacket, now: float) -> list[Picture]:
        """Takes a packet of this source, in any order. Returns the pictures that it completed."""
        sequence = self._sequences.unwrap(packet.sequence)
        if self._next is None:
            self._next = self._highest = sequence
        elif abs(sequence - self._highest) > MAX_JUMP:
            self._start_afresh(sequence)
        if sequence < self._next or sequence in self._held:
            self.duplicates += 1
            return []
        if sequence == self._next and not self._held:
            # The way of nearly every packet: in order, nothing waiting.
            self._next += 1
            self._highest = sequence
            picture = self._take(packet, now)
            return [picture] if picture else []
        self._note_gap(sequence, now)
        self._held[sequence] = (packet, now)
        if self._payload.starts_key(packet.payload):
            self._idr_starts.append(sequence)
        if len(self._held) > MAX_HELD:
            return self._give_up()
        return self._drain() + self._jump_to_idr()

    def expire(self, now: float) -> list[Picture]:
        """Gives up gaps older than the deadline. Returns the pictures that this lets go on."""
        pictures: list[Picture] = []
        while self._gaps and now - self._gaps[next(iter(self._gaps))].since >= self.deadline:
            pictures += self._give_up()
        return pictures

    def nacks(self, now: float) -> list[int]:
        """16-bit sequence numbers to ask for now (RFC 4585 §6.2.1), in order; each comes again after `retry` seconds."""
        wanted = []
        for sequence, gap in self._gaps.items():
            if gap.asked is None or now - gap.asked >= self.retry:
                gap.asked = now
                gap.times += 1
                wanted.append(sequence & 0xFFFF)
                if len(wanted) == MAX_NACKS:
                    break
        return wanted

    @property
    def waiting(self) -> bool:
        """Whether packets are missing right now."""
        return bool(self._gaps)

    def _note_gap(self, sequence: int, now: float) -> None:
        gap = self._gaps.pop(sequence, None)
        if gap is not None:
            self.repaired += 1
            if gap.times == 1 and gap.asked is not None:
                self.retry = min(0.2, max(0.02, 0.8 * self.retry + 0.2 * (now - gap.asked + 0.01)))
        first = max(self._highest + 1, self._next or 0)
        for missing in range(first, sequence):
            self._gaps[missing] = _Gap(now)
        self._highest = max(self._highest, sequence)

    def _drain(self) -> list[Picture]:
        pictures = []
        assert self._next is not None
        while self._held:
            entry = self._held.pop(self._next, None)
            if entry is None:
                break
            self._next += 1
            picture = self._take(*entry)
            if picture:
                pictures.append(picture)
        self._idr_starts = [start for start in self._idr_starts if start >= self._next]
        return pictures

    def _take(self, packet: RtpPacket, arrived: float) -> Picture | None:
        """Adds the next packet in order to the access unit; returns the picture that it ends."""
        picture = None
        unit = self._unit
        if unit and packet.timestamp != unit[0].timestamp:
            # A sender that sets no marker: the next timestamp ends the access unit.
            picture = self._finish(self._unit_arrived)
        if packet.payload:
            if not self._unit:
                self._unit_whole = self._unit_whole or self._payload.starts_key(packet.payload)
            self._unit.append(packet)
            self._unit_arrived = arrived
        if packet.marker and self._unit:
            picture = self._finish(arrived)
        return picture

    def _finish(self, arrived: float) -> Picture | None:
        packets, self._unit = self._unit, []
        whole, self._unit_whole = self._unit_whole, True
        timestamp = self._timestamps.unwrap(packets[0].timestamp)
        if not whole:
            self.needs_keyframe = True
            return None
        try:
            unit = self._payload.access_unit(packet.payload for packet in packets)
        except BitstreamError:
            self.broken_units += 1
            self.needs_keyframe = True
            return None
        if unit.key:
            self.needs_keyframe = False
        elif self.needs_keyframe and unit.data:
            return None
        return Picture(timestamp, unit, arrived)

    def _give_up(self) -> list[Picture]:
        """Skips the first hole and the access unit that it is in."""
        self._lose_unit()
        if self._held:
            self._next = min(self._held)
        else:
            self._next = self._highest + 1
        self._forget_gaps()
        return self._drain()

    def _jump_to_idr(self) -> list[Picture]:
        """A whole IDR behind a hole makes the hole unimportant: goes on there without waiting for the deadline."""
        for start in reversed(self._idr_starts):
            sequence = start
            timestamp = self._held[start][0].timestamp
            while sequence in self._held and self._held[sequence][0].timestamp == timestamp:
                if self._held[sequence][0].marker:
                    self._lose_unit()
                    self._next = start
                    for late in [held for held in self._held if held < start]:
                        del self._held[late]
                    self._forget_gaps()
                    return self._drain()
                sequence += 1
        return []

    def _lose_unit(self) -> None:
        self.needs_keyframe = True
        self._unit = []
        self._unit_whole = False

    def _forget_gaps(self) -> None:
        assert self._next is not None
        for sequence in [gap for gap in self._gaps if gap < self._next]:
            del self._gaps[sequence]
            self.given_up += 1

    def _start_afresh(self, sequence: int) -> None:
        self._lose_unit()
        self._held.clear()
        self._gaps.clear()
        self._idr_starts.clear()
        self._next = self._highest = sequence
