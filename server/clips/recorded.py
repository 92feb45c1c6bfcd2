"""The media of a recording, for clips of moments that the memory has lost."""

import asyncio
from collections.abc import Sequence

from relay.errors import BitstreamError
from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Sample, Track, TrackInfo
from relay.stream.window import Excerpt
from server.clips.cut import CutProblem, CutRefused
from server.clips.draft import AFTER, BEFORE, Draft
from server.objects.errors import ObjectMissing
from server.objects.objects import Objects
from server.storage.recording_records import SegmentRecord
from server.storage.recordings import RecordingStore, segment_key

AT_ONCE = 4
"""Number of segments that are read at the same time."""

Tracks = Sequence[TrackInfo]


class RecordedMedia:
    """Reads recordings of all servers. Every method raises StorageError and ObjectsError."""

    def __init__(self, recordings: RecordingStore, objects: Objects) -> None:
        self._recordings = recordings
        self._objects = objects

    async def draft(self, room: str, clip: str, person: str, tap: int, now: float) -> Draft:
        """Returns a draft with the media around a tap (media time, µs). Raises CutRefused if the
        recording does not contain the moment. `now`: monotonic seconds.
        """
        segments = await self._recordings.segments(room, max(0, tap - BEFORE), tap + AFTER)
        pieces = {
            piece.piece: (piece.media_time, read_init(piece.init))
            for piece in await self._recordings.pieces(room)
            if any(segment.piece == piece.piece for segment in segments)
        }
        samples: list[Sample] = []
        for first in range(0, len(segments), AT_ONCE):
            step = segments[first : first + AT_ONCE]
            read = [self._read(segment, pieces[segment.piece][1]) for segment in step]
            for found in await asyncio.gather(*read):
                samples += found
        tracks = [(at, _video(each)) for at, each in sorted(pieces.values(), key=_media_time)]
        return Draft(clip, person, tap, Excerpt.of(samples), tracks, now)

    async def _read(self, segment: SegmentRecord, tracks: Tracks) -> list[Sample]:
        try:
            data = await self._objects.read(segment_key(segment.room, segment.sequence))
            return read_fragment(data, tracks, segment.epoch)
        except (ObjectMissing, BitstreamError) as error:
            raise CutRefused(CutProblem.GONE, "this moment is no longer recorded") from error


def _video(tracks: Tracks) -> TrackInfo:
    return next(info for info in tracks if info.track is Track.VIDEO)


def _media_time(piece: tuple[int, Tracks]) -> int:
    return piece[0]
