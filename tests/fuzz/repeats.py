"""Sequences of packets. A few bytes describe thousands of packets, because many limits are reached
only after thousands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

from tests.fuzz import steps
from tests.fuzz.cutting import cut, join

_FIELDS = Struct("!HBBhhH")
_RTP = Struct("!2sHI")
_NUMBER_AT = 17
"""Position of the transport-wide number in an RTP packet without CSRCs and other extensions."""
_PAD = 8
MAX_EXPONENT = 16
MAX_PACKET = 2_048
"""Maximum size of a datagram that the UDP port accepts, bytes."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A packet, sent 2 ** `exponent` times in a row, then a pause. The steps are added to the
    fields of an RTP packet before each further copy.
    """

    packet: bytes
    pause: int = 0
    """Milliseconds."""
    exponent: int = 0
    pad: int = 0
    """Number of 8-byte groups of zeros after the packet."""
    sequence: int = 1
    timestamp: int = 0
    transport: int = 0
    """Step of the transport-wide number."""

    def pack(self) -> bytes:
        steps = (self.sequence, self.timestamp, self.transport)
        return _FIELDS.pack(self.pause, self.exponent, self.pad, *steps) + self.packet

    def packets(self) -> Iterator[bytes]:
        """Each packet is a step."""
        data = (self.packet + bytes(_PAD * self.pad))[:MAX_PACKET]
        count = 1 << min(self.exponent, MAX_EXPONENT) if data else 0
        is_rtp = len(data) >= 12 and not 191 < data[1] < 224
        numbered = bool(data and data[0] & 0x10) and len(data) >= _NUMBER_AT + 2
        for index in range(count):
            if not steps.take():
                return
            yield self._later(data, index, numbered) if is_rtp and index else data

    def _later(self, data: bytes, index: int, numbered: bool) -> bytes:
        first, sequence, timestamp = _RTP.unpack_from(data)
        sequence = sequence + index * self.sequence & 0xFFFF
        timestamp = timestamp + index * self.timestamp & 0xFFFFFFFF
        head = _RTP.pack(first, sequence, timestamp)
        if not numbered:
            return head + data[8:]
        number = int.from_bytes(data[_NUMBER_AT : _NUMBER_AT + 2], "big")
        number = number + index * self.transport & 0xFFFF
        return head + data[8:_NUMBER_AT] + number.to_bytes(2, "big") + data[_NUMBER_AT + 2 :]


def repeats(data: bytes) -> Iterator[Repeat]:
    """The objects that `sequence` joined. Accepts any bytes."""
    for part in cut(data):
        if len(part) >= _FIELDS.size:
            pause, exponent, pad, *increments = _FIELDS.unpack_from(part)
            yield Repeat(part[_FIELDS.size :], pause, exponent, pad, *increments)


def sequence(made: Iterable[Repeat]) -> bytes:
    return join(repeat.pack() for repeat in made)


def at_once(packets: Iterable[bytes], pause: int = 5) -> bytes:
    """The packets one by one, `pause` milliseconds apart."""
    return sequence(Repeat(packet, pause) for packet in packets)
