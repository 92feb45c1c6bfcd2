"""The messages of a feed, from an origin to its edges: their header, their order and their parts
(FEED.md). Pure.
"""

from collections.abc import Iterator
from enum import Enum, IntEnum
from struct import Struct
from typing import Final, NamedTuple

from relay.errors import MessageError

VERSION: Final = 1
MESSAGE_MAX: Final = 8 * 1024 * 1024
"""Maximum size of a message that came in several parts, bytes."""

_HEADER: Final = Struct(">BBBBIIQ")
HEADER_SIZE: Final = _HEADER.size

KEY: Final = 1
VIDEO: Final = 2
DISPOSABLE: Final = 4
EVENTS: Final = 8
MORE: Final = 16
REST: Final = 32
"""The flags of a header. EVENTS: events follow the media. MORE: the next message has more of this
one. REST: the message goes on with the one before.
"""


ENDED: Final = b"\1"
MOVED: Final = b"\2"
"""Payload of the last message of a feed: the room has ended, or has another origin now."""


class Kind(IntEnum):
    INIT = 1
    MEDIA = 2
    EVENTS = 3
    ALIVE = 4
    """Sent each second without another message, so that an edge notices the loss of its origin."""
    FORGET = 5
    """A key has no state any more."""
    CLEAR = 6
    """The media since the last IDR is dropped."""
    CLOSE = 7
    """The connections of one person are closed."""
    REMOVE = 8
    """The stream of the slot is removed."""
    END = 9


class Header(NamedTuple):
    """The first 20 bytes of a message."""

    flags: int
    kind: Kind
    slot: int
    audio: int
    """Offset of the audio record in the payload, bytes; 0 unless an audio record follows a video
    record.
    """
    epoch: int
    """Number of the owner of the room: it grows whenever another server becomes the owner."""
    sequence: int
    """Number of the message in this feed."""


def pack(header: Header, *payload: bytes | memoryview) -> bytes:
    """Returns a message."""
    flags, kind, slot, audio, epoch, sequence = header
    return b"".join(
        (_HEADER.pack(VERSION, flags, kind, slot, audio, epoch, sequence), *payload),
    )


def read_header(data: bytes) -> Header:
    """Returns the header of a message. Raises MessageError if the message is cut short, or has
    another version or an unknown kind.
    """
    if len(data) < HEADER_SIZE:
        raise MessageError("the feed message is cut short")
    version, flags, kind, slot, audio, epoch, sequence = _HEADER.unpack_from(data)
    if version != VERSION:
        raise MessageError(f"the feed message has the unknown version {version}")
    if kind not in _KINDS:
        raise MessageError(f"the feed message has the unknown kind {kind}")
    return Header(flags, _KINDS[kind], slot, audio, epoch, sequence)


_KINDS: Final = {int(kind): kind for kind in Kind}


def split(header: Header, payload: bytes, most: int) -> Iterator[bytes]:
    """Yields a message as one or more messages of at most `most` bytes. Their sequence numbers go
    on from that of `header`.
    """
    if HEADER_SIZE + len(payload) <= most:
        yield pack(header, payload)
        return
    step = most - HEADER_SIZE
    sequence = header.sequence
    for start in range(0, len(payload), step):
        flags = header.flags | (REST if start else 0)
        if start + step < len(payload):
            flags |= MORE
        part = header._replace(flags=flags, sequence=sequence)
        yield pack(part, payload[start : start + step])
        sequence += 1


class Place(Enum):
    """The place of a message in the order of its feed."""

    NEXT = "next"
    GAP = "gap"
    """Earlier messages were lost."""
    OLD = "old"
    """The message, or a later one, came already; or the message has another epoch."""


class Order:
    """Checks the sequence numbers of one feed."""

    def __init__(self, epoch: int, sequence: int) -> None:
        """`sequence`: number of the last message before the first one that this object gets."""
        self.epoch = epoch
        self.sequence = sequence

    def place(self, header: Header) -> Place:
        """Returns the place of the next message that arrived."""
        if header.epoch != self.epoch or header.sequence <= self.sequence:
            return Place.OLD
        gap = header.sequence != self.sequence + 1
        self.sequence = header.sequence
        return Place.GAP if gap else Place.NEXT


class Parts:
    """Puts the parts of a message together."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, header: Header, data: bytes) -> bytes | None:
        """Takes a message in the order of the feed. Returns the whole message, with the header of
        its last part; None if more parts follow, or if the first part was lost. Raises
        MessageError if the message is too large.
        """
        if header.flags & REST and not self._parts:
            return None
        if not header.flags & MORE:
            if not self._parts:
                return data
            whole = b"".join((data[:HEADER_SIZE], *self._parts, data[HEADER_SIZE:]))
            self.clear()
            return whole
        self._parts.append(data[HEADER_SIZE:])
        self._size += len(data)
        if self._size > MESSAGE_MAX:
            self.clear()
            raise MessageError(f"the feed message has over {MESSAGE_MAX} bytes")
        return None

    def clear(self) -> None:
        """Drops the parts of a message whose other parts were lost."""
        self._parts.clear()
        self._size = 0
