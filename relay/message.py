"""Records: the binary part of the wire protocol. PROTOCOL.md describes how a record is laid out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from struct import Struct
from typing import Final

from relay.errors import MessageError

VERSION = 1
NO_TRACK = 255

_HEADER = Struct(">BBBBB3xIIqqqI")
HEADER_SIZE = _HEADER.size


class Kind(IntEnum):
    INIT = 1
    MEDIA = 2
    EVENT = 3


class Flag(IntFlag):
    NONE = 0
    KEY = 1
    DISPOSABLE = 2
    DISCONTINUITY = 4
    CAPTURE_ESTIMATED = 8


@dataclass(slots=True)  # a frozen dataclass takes twice as long to make
class Record:
    """One record. Its times are in µs; PROTOCOL.md describes each field. Do not change a record
    after its creation.
    """

    kind: Kind
    body: bytes
    track: int = NO_TRACK
    flags: Flag = Flag.NONE
    slot: int = 0
    epoch: int = 0
    sequence: int = 0
    media_time: int = 0
    capture: int = 0
    publish: int = 0


def pack_record(record: Record) -> bytes:
    """Returns a record as bytes."""
    return (
        _HEADER.pack(
            *(
                VERSION,
                record.kind,
                record.slot,
                record.track,
                record.flags,
                record.epoch & 0xFFFFFFFF,
                record.sequence & 0xFFFFFFFF,
            ),
            *(record.media_time, record.capture, record.publish, len(record.body)),
        )
        + record.body
    )


_MEDIA: Final = int(Kind.MEDIA)


def media_header(
    slot: int,
    track: int,
    flags: int,
    epoch: int,
    sequence: int,
    media_time: int,
    capture: int,
    publish: int,
    size: int,
) -> bytes:
    """Returns the header of a media record whose body has `size` bytes. Creates no Record object,
    to save time. `flags`: a union of values of Flag.
    """
    return _HEADER.pack(
        VERSION,
        _MEDIA,
        slot,
        track,
        flags,
        epoch & 0xFFFFFFFF,
        sequence & 0xFFFFFFFF,
        media_time,
        capture,
        publish,
        size,
    )


def read_header(data: bytes, at: int) -> tuple[int, int, int, int, int, int, int, int, int, int]:
    """Returns the fields of the record at the position `at`, without its version: kind, slot,
    track, flags, epoch, sequence, media time, capture, publish, and the length of its body. Raises
    MessageError if the record is cut short, or its version or kind is unknown.
    """
    if at + HEADER_SIZE > len(data):
        raise MessageError("the record header is cut short")
    version, kind, slot, track, flags, epoch, sequence, media_time, capture, publish, length = (
        _HEADER.unpack_from(data, at)
    )
    if version != VERSION:
        raise MessageError(f"the record has the unknown version {version}")
    if kind not in _KINDS:
        raise MessageError(f"the record has the unknown kind {kind}")
    if at + HEADER_SIZE + length > len(data):
        raise MessageError("the record body is cut short")
    return kind, slot, track, flags, epoch, sequence, media_time, capture, publish, length


_KINDS: Final = frozenset(int(kind) for kind in Kind)


def unpack_records(data: bytes) -> Iterator[Record]:
    """Yields the records of one binary message. Raises MessageError if the message does not follow
    PROTOCOL.md.
    """
    at = 0
    while at < len(data):
        kind, slot, track, flags, epoch, sequence, media_time, capture, publish, length = (
            read_header(data, at)
        )
        at += HEADER_SIZE
        yield Record(
            Kind(kind),
            data[at : at + length],
            track,
            Flag(flags),
            slot,
            epoch,
            sequence,
            media_time,
            capture,
            publish,
        )
        at += length


def init_body(codec: str, segment: bytes) -> bytes:
    """Returns the body of an init record: the length of the codec string, the codec string, and the
    init segment.
    """
    name = codec.encode("ascii")
    return bytes((len(name),)) + name + segment


def read_init_body(body: bytes) -> tuple[str, bytes]:
    """Returns the codec string and the init segment in the body of an init record. Raises
    MessageError if the body is malformed.
    """
    if not body or len(body) < 1 + body[0]:
        raise MessageError("the init record is cut short")
    try:
        return body[1 : 1 + body[0]].decode("ascii"), body[1 + body[0] :]
    except UnicodeDecodeError as error:
        raise MessageError("the codec string is not ASCII") from error
