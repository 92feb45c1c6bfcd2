"""The join of an edge: its request, and the snapshot with which the origin answers (FEED.md).
Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from relay.edge import control
from relay.edge.feed import Header, read_header
from relay.edge.leases import Counts
from relay.errors import MessageError

_LENGTH: Final = Struct(">I")
SNAPSHOT_MAX: Final = 900 * 1024
"""Maximum size of a snapshot, bytes. A larger burst is left out."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """An edge wants the feed of a room."""

    edge: str
    """Id of the node that asks."""
    room: str
    epoch: int
    """The epoch that the edge knows."""
    counts: Counts
    channel: str = ""
    """Id of the channel that the edge has already; empty if it has none."""
    event: int = 0
    """Number of the newest event that the edge has of this channel."""

    def pack(self) -> bytes:
        return control.pack(
            edge=self.edge,
            room=self.room,
            epoch=self.epoch,
            counts=self.counts.to_json(),
            channel=self.channel,
            event=self.event,
        )

    @classmethod
    def read(cls, data: bytes) -> "JoinRequest":
        """Raises MessageError if the request is malformed."""
        fields = control.read(data)
        return cls(
            control.text(fields, "edge"),
            control.text(fields, "room"),
            control.number(fields, "epoch"),
            Counts.from_json(fields.get("counts")),
            control.text(fields, "channel", ""),
            control.number(fields, "event", 0),
        )


class JoinRefused(Exception):
    """The origin refused a join. `code` says why: `not_here`, `full` or `version`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an edge gets when it joins. Everything after it is in the feed."""

    epoch: int
    sequence: int
    """Number of the last feed message that the snapshot includes."""
    stream: str
    channel: str
    event: int
    """Number of the newest event that the snapshot includes."""
    now: int
    """The origin's clock, µs since the Unix epoch."""
    messages: Sequence[bytes]
    """Inits, events and media, each as a feed message."""

    def pack(self) -> bytes:
        head = control.pack(
            epoch=self.epoch,
            sequence=self.sequence,
            stream=self.stream,
            channel=self.channel,
            event=self.event,
            now=self.now,
        )
        parts = [_LENGTH.pack(len(head)), head]
        for message in self.messages:
            parts += (_LENGTH.pack(len(message)), message)
        return b"".join(parts)

    @classmethod
    def read(cls, data: bytes) -> "Snapshot":
        """Raises JoinRefused if the answer is a refusal, and MessageError if it is malformed."""
        head, *messages = _chunks(data)
        fields = control.read(head)
        if "refused" in fields:
            raise JoinRefused(control.text(fields, "refused"))
        return cls(
            control.number(fields, "epoch"),
            control.number(fields, "sequence"),
            control.text(fields, "stream"),
            control.text(fields, "channel"),
            control.number(fields, "event"),
            control.number(fields, "now"),
            messages,
        )

    def __iter__(self) -> Iterator[tuple[Header, bytes]]:
        """Yields the messages with their headers. Raises MessageError if one is malformed."""
        for message in self.messages:
            yield read_header(message), message


def refusal(code: str) -> bytes:
    """Returns the answer that refuses a join."""
    head = control.pack(refused=code)
    return _LENGTH.pack(len(head)) + head


def _chunks(data: bytes) -> list[bytes]:
    chunks, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise MessageError("the snapshot is cut short")
        (size,) = _LENGTH.unpack_from(data, at)
        if at + 4 + size > len(data):
            raise MessageError("the snapshot is cut short")
        chunks.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if not chunks:
        raise MessageError("the snapshot is empty")
    return chunks
