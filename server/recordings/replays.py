"""Finds the replays of ended lives."""

import asyncio
import gzip
import logging
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from relay.errors import BitstreamError, RefusalCode
from relay.media.bmff_reader import read_init
from relay.worker.workers import Workers
from server.errors import NotFound
from server.objects.objects import Objects
from server.recent import Recent
from server.recordings.policy import Keep
from server.recordings.replay_clock import runs
from server.recordings.replay_files import ReplayFiles
from server.recordings.replay_opus import opus_init
from server.recordings.replay_playlist import ListedSegment, playlist
from server.recordings.replay_segment import replay_init
from server.recordings.stored_replay import StoredPiece, StoredReplay
from server.storage.recording_records import RECORDING, PieceRecord, RecordingRecord, SegmentRecord
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

MAX_REPLAYS = 16
"""Maximum number of replays whose playlists are in memory, up to a megabyte each."""


class Kept(StrEnum):
    """Whether an ended live has a replay."""

    READY = "ready"
    SOON = "soon"
    """The last segments of the recording are being stored."""
    NOTHING = "nothing"


class Replays:
    """The replays of all rooms. `close()` ends the work of `files`.

    The rows of the recording are read at each request, so a deleted replay is gone at once.
    """

    def __init__(
        self,
        storage: Storage,
        objects: Objects,
        workers: Workers,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._storage = storage
        self.files = ReplayFiles(objects, workers)
        self._now = now
        self._replays: Recent[str, StoredReplay] = Recent(MAX_REPLAYS)

    @property
    def size(self) -> int:
        """Memory of the playlists and segments, bytes."""
        lists = (len(one.playlist) + len(one.zipped) for one in self._replays.values())
        return self.files.size + sum(lists)

    def knows(self, room: str) -> bool:
        """Whether the replay of this room was requested lately."""
        return room in self._replays

    async def close(self) -> None:
        await self.files.close()

    async def find(self, room: str) -> StoredReplay:
        """Returns the replay of a room. Raises NotFound if there is no replay (yet), and
        StorageError.
        """
        record, recording = await self._read(room)
        version = f"{recording.bytes:x}-{record.visibility}"
        known = self._replays.get(room)
        if known is not None and known.version == version:
            return known
        replay = await self._load(record, version)
        self._replays.keep(room, replay)
        return replay

    async def kept(self, room: str) -> Kept:
        """Returns whether an ended live has a replay. Raises StorageError."""
        try:
            await self.find(room)
        except NotFound:
            recording = await self._storage.recordings.read(room)
            if recording is None or recording.state != RECORDING or recording.keep == Keep.NO:
                return Kept.NOTHING
            return Kept.SOON
        return Kept.READY

    # Rows

    async def _read(self, room: str) -> tuple[RoomRecord, RecordingRecord]:
        """Returns the rows of a room with a replay. Raises NotFound."""
        record = await self._storage.rooms.find(room)
        recording = await self._storage.recordings.read(room)
        if (
            record is None
            or record.ended_at is None
            or recording is None
            or recording.state == RECORDING
            or recording.keep == Keep.NO
            or (recording.delete_at is not None and recording.delete_at <= self._now())
        ):
            self._forget(room)
            raise _no_replay()
        return record, recording

    def _forget(self, room: str) -> None:
        replay = self._replays.pop(room, None)
        if replay is not None:
            self.files.forget(replay)

    async def _load(self, record: RoomRecord, version: str) -> StoredReplay:
        pieces = await self._storage.recordings.pieces(record.room)
        segments = await self._storage.recordings.segments(record.room)
        if not segments:
            raise _no_replay()
        try:
            return await asyncio.to_thread(_build, record, version, pieces, segments)
        except BitstreamError as error:
            logger.error("replay of room %s: %s", record.room, error)
            raise _no_replay() from error


def _build(
    record: RoomRecord,
    version: str,
    pieces: Sequence[PieceRecord],
    stored: Sequence[SegmentRecord],
) -> StoredReplay:
    segments = [
        ListedSegment(one.sequence, one.piece, one.media_time, one.duration) for one in stored
    ]
    text = playlist(segments, record.created_at).encode()
    return StoredReplay(
        record.room,
        version,
        record.visibility == "public",
        record.visibility == "private",
        [
            StoredPiece(
                *(one.piece, one.width, one.height),
                *(replay_init(one.init), opus_init(one.init), read_init(one.init)),
            )
            for one in pieces
        ],
        segments,
        runs(segments),
        text,
        gzip.compress(text, 6, mtime=0),
    )


def _no_replay() -> NotFound:
    return NotFound(RefusalCode.NO_REPLAY, "there is no replay of this live")
