"""A draft: a media message whose bytes are not written yet. The bytes are written only when a
viewer needs them. This saves work in a room without viewers: most messages are dropped at the next
IDR, before a viewer needs them. Pure.
"""

from collections.abc import Sequence
from typing import Final

from relay.channel.message import Message, media_message
from relay.media import bmff
from relay.message import Flag, media_header
from relay.sample import AUDIO, VIDEO, Sample, Track

_KEY: Final = int(Flag.KEY)
_DISPOSABLE: Final = int(Flag.DISPOSABLE)
_DISCONTINUITY: Final = int(Flag.DISCONTINUITY)
CAPTURE_ESTIMATED: Final = int(Flag.CAPTURE_ESTIMATED)

Place = tuple[int, int]
"""The sequence number and the flags in the header of a record."""
NO_PLACE: Final[Place] = (0, 0)


class Records:
    """Assigns a sequence number to each record of one track."""

    __slots__ = ("_epoch", "_sequence")

    def __init__(self) -> None:
        self._sequence = 0
        """Sequence number of the next record."""
        self._epoch = 0
        """Epoch of the last record."""

    def place(self, first: Sample) -> Place:
        """Returns the sequence number and the flags of the next record. `first`: the first sample
        in this record.
        """
        sequence = self._sequence
        self._sequence = sequence + 1
        flags = _KEY if first.key else 0
        if first.disposable:
            flags |= _DISPOSABLE
        if first.capture_estimated:
            flags |= CAPTURE_ESTIMATED
        if first.epoch != self._epoch:
            self._epoch = first.epoch
            flags |= _DISCONTINUITY
        return sequence, flags


class Draft:
    """The samples of one message: a video frame, audio packets, or both."""

    __slots__ = (
        "_media_time",
        "_slot",
        "_sounds",
        "_sounds_place",
        "_video",
        "_video_place",
        "key",
    )

    def __init__(
        self,
        slot: int,
        video: Sample | None,
        video_place: Place,
        sounds: Sequence[Sample],
        sounds_place: Place,
        media_time: int,
    ) -> None:
        """`media_time`: the live edge, µs."""
        self._slot = slot
        self._video = video
        self._video_place = video_place
        self._sounds = sounds
        self._sounds_place = sounds_place
        self._media_time = media_time
        self.key = video is not None and video.key
        """Whether the message contains an IDR."""

    @property
    def size(self) -> int:
        """Size of the samples, bytes."""
        size = len(self._video.data) if self._video else 0
        for sound in self._sounds:
            size += len(sound.data)
        return size

    def write(self, clock: bytes = b"") -> Message:
        """Builds the bytes and returns the message. `clock`: the clock record for viewers that get
        no media.
        """
        video, sounds = self._video, self._sounds
        newest = video or sounds[-1]
        return media_message(
            self._record((video,), VIDEO, self._video_place) if video else b"",
            self._record(sounds, AUDIO, self._sounds_place) if sounds else b"",
            self._media_time,
            newest.publish,
            slot=self._slot,
            key=self.key,
            disposable=video is not None and video.disposable,
            clock=clock,
        )

    def _record(self, samples: Sequence[Sample], track: Track, place: Place) -> bytes:
        first, (sequence, flags) = samples[0], place
        parts = bmff.fragment_parts(samples, sequence, track)
        header = media_header(
            self._slot,
            track,
            flags,
            first.epoch,
            sequence,
            first.media_time,
            first.capture,
            samples[-1].publish,
            sum(map(len, parts)),
        )
        return b"".join((header, *parts))
