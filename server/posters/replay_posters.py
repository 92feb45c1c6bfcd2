"""Makes posters of replays from a keyframe of their recording, in confined processes."""

import asyncio
import logging

from relay.errors import BitstreamError, RefusalCode
from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Track
from relay.worker.workers import WorkerFailed, Workers
from server.clips.picture_process import draw_pictures
from server.errors import Unavailable
from server.objects.errors import ObjectMissing
from server.objects.objects import Objects
from server.posters.poster import Poster, PosterShelf, jpeg_size
from server.recent import Recent
from server.recordings.policy import Keep
from server.storage.recording_records import RECORDING, PieceRecord, SegmentRecord
from server.storage.recordings import RecordingStore, segment_key

logger = logging.getLogger(__name__)

PLACE = 0.25
"""Place of the poster's keyframe in the replay, as a share of the replay's length."""
MOST = 100
"""Maximum number of posters that are kept, and of recordings that are known to have no picture."""
MOST_BYTES = 16 << 20
"""Maximum size of all posters that are kept, bytes. One poster always fits (`MAX_FILE`)."""
MAX_WAITING = 20
"""Maximum number of requests that wait while another poster is being made."""


class ReplayPosters:
    """The posters of replays. A poster is made when a client requests the poster, one poster at a
    time.
    """

    def __init__(self, recordings: RecordingStore, objects: Objects, workers: Workers) -> None:
        self._recordings = recordings
        self._objects = objects
        self._workers = workers
        self._shelf = PosterShelf(MOST, MOST_BYTES)
        self._without: Recent[str, None] = Recent(MOST)
        """The recordings of which no picture can be decoded, by room."""
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def bytes(self) -> int:
        """Size of all posters in memory."""
        return self._shelf.bytes

    async def find(self, room: str) -> Poster | None:
        """Returns the poster of a replay; None if there is no replay, or no picture of it. Raises
        StorageError, ObjectsError, and Unavailable if too many posters are asked for.
        """
        record = await self._recordings.read(room)
        if record is None or record.state == RECORDING or record.keep == Keep.NO:
            return None
        if self._knows(room):
            return self._shelf.find(room)
        if self._waiting >= MAX_WAITING:
            raise Unavailable(RefusalCode.SERVER_FULL, "too many pictures are being made", 5)
        self._waiting += 1
        try:
            async with self._turn:
                if not self._knows(room):
                    self._keep(room, await self._make(room))
                return self._shelf.find(room)
        finally:
            self._waiting -= 1

    def _knows(self, room: str) -> bool:
        return room in self._without or self._shelf.find(room) is not None

    def _keep(self, room: str, poster: Poster | None) -> None:
        if poster is None:
            self._without.keep(room, None)
        else:
            self._shelf.put(room, poster)

    async def _make(self, room: str) -> Poster | None:
        found = await self._segment(room)
        if found is None:
            return None
        piece, segment = found
        try:
            data = await self._objects.read(segment_key(room, segment.sequence))
            tracks = read_init(piece.init)
            video = next(info for info in tracks if info.track is Track.VIDEO)
            keyframe = next(
                sample
                for sample in read_fragment(data, tracks)
                if sample.track is Track.VIDEO and sample.key
            )
            pictures = await draw_pictures(
                self._workers, video.config, [keyframe.data], filmstrip=False
            )
            width, height = jpeg_size(pictures.poster_jpeg)
        except (BitstreamError, ObjectMissing, StopIteration, WorkerFailed, ValueError) as error:
            logger.info("the replay of room %s has no poster: %s", room, error)
            return None
        return Poster(
            *(pictures.poster_jpeg, pictures.poster_webp, pictures.preview),
            *(width, height, segment.sequence),
        )

    async def _segment(self, room: str) -> tuple[PieceRecord, SegmentRecord] | None:
        """Returns the segment from which the poster is made, and its piece."""
        pieces = await self._recordings.pieces(room)
        if not pieces:
            return None
        progress = await self._recordings.progress(room)
        start = pieces[0].media_time + round(progress.duration * PLACE)
        found = await self._recordings.first_segment(room, start)
        by_number = {piece.piece: piece for piece in pieces}
        return (by_number[found.piece], found) if found and found.piece in by_number else None
