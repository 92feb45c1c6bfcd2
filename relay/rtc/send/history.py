"""The packetised frames of one track, shared by all viewers. Pure."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from relay.rtc.batch import Batch

BATCH_BYTES: Final = 48_000
"""Maximum number of bytes in one `sendmsg` call. With UDP_SEGMENT, the kernel accepts at most 64 KB
and 64 segments.
"""
BATCH_PACKETS: Final = 40
FRAME_OVERHEAD: Final = 700
"""Memory that a frame uses in addition to its packets, bytes."""
PACKET_OVERHEAD: Final = 200
"""Memory that a packet uses in addition to its payload, bytes."""


class PacketisedFrame:
    """The RTP payloads of one access unit or audio packet.

    `first`: index of this frame's first RTP packet, counted from 0 over all packets of the track.
    """

    def __init__(
        self,
        number: int,
        first: int,
        payloads: list[bytes],
        ssrc: int,
        timestamp: int,
        *,
        key: bool,
        disposable: bool,
        marked: bool,
    ) -> None:
        self.number = number
        self.first = first
        self.payloads = payloads
        self.ssrc = ssrc
        self.timestamp = timestamp
        self.key = key
        self.disposable = disposable
        self.marked = marked
        self.count = len(payloads)
        self.size = sum(map(len, payloads))
        """Total size of the payloads, bytes."""
        self.held = self.size + FRAME_OVERHEAD + PACKET_OVERHEAD * self.count
        """Memory used by payloads and overhead, bytes."""
        self._batches: dict[tuple[int, bytes], list[Batch]] = {}

    def batches(self, tag: int, extension: bytes = b"") -> list[Batch]:
        """Returns the packets of the frame in batches. The packets are complete, except for the
        fields that differ between viewers. The result is cached.

        `tag`: size of the SRTP tag, bytes. `extension`: the header extension of each packet.
        """
        found = self._batches.get((tag, extension))
        if found is None:
            found, at = [], 0
            for run in _runs(self.payloads):
                markers = [self.marker(at + place) for place in range(len(run))]
                found.append(Batch(run, self.ssrc, self.timestamp, tag, markers, extension))
                at += len(run)
            self._batches[tag, extension] = found
        return found

    def marker(self, place: int) -> int:
        """Returns 0x80 (the marker bit) for the last packet of an access unit (RFC 6184 §5.1),
        otherwise 0.
        """
        return 0x80 if self.marked and place == len(self.payloads) - 1 else 0

    def forget_batches(self) -> None:
        """Frees the memory of the batches. The batches are needed only while the frame is the
        newest frame: retransmissions and joins use the payloads.
        """
        self._batches.clear()


def _runs(payloads: list[bytes]) -> Iterator[list[bytes]]:
    """Groups payloads into batches. The payloads of a batch have the same size, except that the
    last payload may be shorter.
    """
    run: list[bytes] = []
    size = 0
    for payload in payloads:
        if run and (
            len(payload) > len(run[0])
            or len(run[-1]) < len(run[0])
            or len(run) == BATCH_PACKETS
            or size + len(payload) > BATCH_BYTES
        ):
            yield run
            run, size = [], 0
        run.append(payload)
        size += len(payload)
    if run:
        yield run


class History:
    """The frames of one track that viewers may need. A joining viewer needs all frames since the
    last keyframe. A retransmission needs one of the latest frames.

    The number of frames and their total size are limited. If this limit removes the last keyframe,
    viewers can join only at the next keyframe.
    """

    def __init__(
        self, ssrc: int, *, keep: int, max_frames: int, max_bytes: int, marked: bool
    ) -> None:
        """`keep`: minimum number of frames to keep, even if some of these frames are older than the
        last keyframe. `marked`: whether the last packet of each frame has the marker bit.
        """
        self._marked = marked
        self.ssrc = ssrc
        self._keep = keep
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[PacketisedFrame] = deque()
        self._owners: dict[int, PacketisedFrame] = {}
        self._number = 0
        self._next = 0
        self._bytes = 0
        self._key: int | None = None

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def size(self) -> int:
        """Memory used by payloads and overhead, bytes."""
        return self._bytes

    @property
    def newest(self) -> PacketisedFrame | None:
        return self._frames[-1] if self._frames else None

    @property
    def join_point(self) -> int | None:
        """Number of the keyframe at which viewers can join now; None if no viewer can join now."""
        return self._key

    def append(
        self, payloads: list[bytes], timestamp: int, *, key: bool = False, disposable: bool = False
    ) -> PacketisedFrame:
        """Adds the next frame. `timestamp`: RTP timestamp; only its low 32 bits are used."""
        if self._frames:
            self._frames[-1].forget_batches()
        frame = PacketisedFrame(
            self._number,
            self._next,
            payloads,
            self.ssrc,
            timestamp & 0xFFFFFFFF,
            key=key,
            disposable=disposable,
            marked=self._marked,
        )
        self._number += 1
        self._next += frame.count
        self._bytes += frame.held
        self._frames.append(frame)
        for index in range(frame.first, self._next):
            self._owners[index] = frame
        if key:
            self._key = frame.number
        self._trim()
        return frame

    def frame(self, number: int) -> PacketisedFrame | None:
        """Returns the frame with this number; None if it is no longer kept."""
        at = number - self._frames[0].number if self._frames else -1
        return self._frames[at] if 0 <= at < len(self._frames) else None

    def find(self, index: int) -> tuple[PacketisedFrame, int] | None:
        """Returns the frame that contains the packet with this index, and the position of the
        packet in the frame.
        """
        frame = self._owners.get(index)
        return None if frame is None else (frame, index - frame.first)

    def forget_join_point(self) -> None:
        """Makes viewers wait for the next keyframe to join. Call this method when the decoding
        parameters change, because earlier and later frames cannot be decoded together.
        """
        self._key = None

    def _trim(self) -> None:
        frames = self._frames
        while len(frames) > self._max_frames or self._bytes > self._max_bytes:
            self._drop_oldest()
        while len(frames) > self._keep and (self._key is None or frames[0].number < self._key):
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        frame = self._frames.popleft()
        self._bytes -= frame.held
        for index in range(frame.first, frame.first + frame.count):
            del self._owners[index]
        if frame.number == self._key:
            self._key = None
