"""A draft: the samples around a tap, from which the person chooses the clip."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.client_address import UNKNOWN, ClientAddress
from relay.sample import Sample, TrackInfo
from relay.stream.stream import Stream
from relay.stream.window import Excerpt
from server.clips.cut import Cut, CutProblem, CutRefused, stretch
from server.clips.final import pictures_by_name
from server.clips.maker import ClipPictures

BEFORE = 62_000_000
"""Media before the tap that a draft holds, µs: the longest clip, and one keyframe interval."""
AFTER = 5_000_000
"""Media after the tap that a draft holds, µs."""
GROWS_FOR = 30.0
"""Maximum seconds for which a draft waits for the media after the tap."""
STEP = 250
"""Number of samples that are unpacked before the event loop does other work."""


@dataclass(frozen=True, slots=True)
class Range:
    """The moments that a draft offers, in media time (µs)."""

    first: int
    """The earliest start of the clip."""
    until: int
    """The latest end of the clip."""
    keyframes: list[int]
    """The possible starts of the clip."""


@dataclass(eq=False, slots=True)
class Draft:
    """The media of an unfinished clip in memory. Call `extend` about once a second."""

    clip: str
    person: str
    """Id of the person who makes the clip; for a program, the creator."""
    tap: int
    """Media time of the tap, µs: the end of the clip that the person saw."""
    excerpt: Excerpt
    tracks: Sequence[tuple[int, TrackInfo]]
    began: float
    """Time of the tap, monotonic seconds."""
    stream: Stream | None = None
    """The stream from which the draft takes more media; None if the draft takes no more."""
    files: dict[str, bytes] = field(default_factory=dict)
    """The files of the clip that the tap has cut, by name."""
    pictures: ClipPictures | None = None
    drawn: int = 0
    """Number of times that the pictures were made. The filmstrip is made again with the media after
    the tap.
    """
    client: ClientAddress = UNKNOWN
    """The address from which the person makes the clip."""
    busy: bool = False
    """Whether the final clip is being made."""
    attempts: int = 0
    """Number of times that the final clip was begun."""
    _range: Range | None = None

    @classmethod
    def of_stream(cls, clip: str, person: str, stream: Stream, tap: int, now: float) -> "Draft":
        """Begins a draft with the media that the window holds now."""
        excerpt = stream.window.excerpt(tap - BEFORE, tap + AFTER)
        return cls(clip, person, tap, excerpt, stream.video_tracks, now, stream)

    @property
    def size(self) -> int:
        """Memory that the draft uses, bytes. The window may share a part of it."""
        return self.excerpt.size + sum(map(len, self.files.values()))

    def show(self, pictures: ClipPictures) -> None:
        """Takes the pictures of the moments that the draft offers. Ignores pictures of fewer
        moments than the present pictures: two sets may be made at the same time.
        """
        if self.pictures and pictures.tiles[-1].at < self.pictures.tiles[-1].at:
            return
        self.pictures = pictures
        self.drawn += 1
        self.files |= pictures_by_name(pictures)

    def extend(self, now: float) -> bool:
        """Adds the media that has arrived since the last call. Returns whether the draft has just
        stopped growing. `now`: monotonic seconds.
        """
        stream = self.stream
        if stream is None:
            return False
        before = len(self.excerpt)
        follows = self.excerpt.extend(stream.window, self.tap + AFTER)
        self.tracks = stream.video_tracks
        if len(self.excerpt) != before:
            self._range = None
        if not follows or stream.edge > self.tap + AFTER or now - self.began > GROWS_FOR:
            self.stream = None
        return self.stream is None

    async def stretch(self) -> Cut:
        """Returns the longest cut around the tap. Raises CutRefused."""
        if not len(self.excerpt):
            raise CutRefused(CutProblem.GONE, "this moment is not in memory any more")
        samples: list[Sample] = []
        for sample in self.excerpt:
            samples.append(sample)
            if len(samples) % STEP == 0:
                await asyncio.sleep(0)  # Let the event loop forward frames first.
        found = stretch(samples, self.tracks, self.tap)
        keyframes = [sample.media_time for sample in found.keyframes]
        self._range = Range(found.start, found.end, keyframes)
        return found

    async def range(self) -> Range:
        """Returns the moments that the draft offers now. Raises CutRefused."""
        if self._range is None:
            await self.stretch()
        assert self._range is not None
        return self._range
