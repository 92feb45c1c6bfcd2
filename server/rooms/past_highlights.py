"""The best moments of a live that has ended, from storage. Each moment begins at a keyframe of the
recording. A live without a recording has no best moments, because no clip can be made of such a
live.
"""

from server.rooms.commands.highlights import BestMoments
from server.rooms.highlights import SECOND, described, first_counted, first_second
from server.social.crowd import MAX_SECONDS, dense
from server.social.highlights import Highlight, at_keyframe, highlights
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

BEFORE = 20 * SECOND
"""Media before the start of a moment in which a keyframe is searched, µs. The segments of a
recording begin at keyframes, mostly 4 s apart.
"""


async def read_highlights(record: RoomRecord, storage: Storage) -> BestMoments:
    """Returns the best moments that are in the recording. Raises StorageError."""
    if record.live_at is None or await storage.recordings.read(record.room) is None:
        return BestMoments(())
    counts = await storage.crowds.read(record.room, MAX_SECONDS)
    first = first_second(record, record.live_at)
    end = max(int((record.ended_at or record.live_at) - record.created_at), first)
    if counts:
        end = max(end, counts[-1][0] + 1)
    start = first_counted(first, end)
    moments = []
    for moment in highlights(dense(counts, start, end), start):
        recorded = await _recorded(moment, record.room, storage)
        if recorded is not None:
            moments.append(described(recorded, first))
    return BestMoments(tuple(moments))


async def _recorded(moment: Highlight, room: str, storage: Storage) -> Highlight | None:
    """Returns the moment with its start at a keyframe of the recording; None if the recording does
    not contain the peak.
    """
    segments = await storage.recordings.segments(room, moment.start - BEFORE, moment.end)
    if not any(
        segment.media_time <= moment.peak < segment.media_time + segment.duration
        for segment in segments
    ):
        return None
    piece = next(each.piece for each in reversed(segments) if each.media_time <= moment.peak)
    return at_keyframe(moment, [each.media_time for each in segments if each.piece == piece])
