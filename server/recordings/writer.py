"""Stores the pieces and segments of one recording: first the media in the object store, then the
row in the database. Therefore, the index never names media that is missing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from server.objects.errors import ObjectsError, ObjectsFull
from server.objects.objects import Objects
from server.recordings.counters import RecordingCounters
from server.recordings.policy import Note, RecordingPolicy
from server.recordings.reconciliation import reconcile
from server.recordings.segmenter import Output, Piece, Segment
from server.storage.errors import StorageError
from server.storage.recording_records import PieceRecord, Progress, SegmentRecord
from server.storage.recordings import RecordingStore, segment_key

logger = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a store may be away before the recording stops. Meanwhile, samples wait in
`Intake`, up to its limit.
"""
RETRY = (0.5, 5.0)
"""Shortest and longest time between two attempts, seconds. The time doubles with each attempt."""
CONTENT_TYPE = "video/mp4"


class RecordingStopped(Exception):
    """The recording cannot continue."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.value)
        self.note = note


class RecordingGone(Exception):
    """The recording has ended or was deleted meanwhile."""


class SegmentWriter:
    """Call `open`, then `write` for each piece and segment in order."""

    def __init__(
        self,
        room: str,
        store: RecordingStore,
        objects: Objects,
        policy: RecordingPolicy,
        counters: RecordingCounters,
    ) -> None:
        self._room = room
        self._store = store
        self._objects = objects
        self._policy = policy
        self._counters = counters
        self._hurry = asyncio.Event()
        self._new: dict[int, PieceRecord] = {}
        """The pieces that are not stored yet, by number."""
        self._duration = 0
        self.size = 0
        """Size of all segments of the recording, bytes."""

    def give_up(self) -> None:
        """Makes each call fail at its first error, because the server is closing."""
        self._hurry.set()

    @property
    def gave_up(self) -> bool:
        return self._hurry.is_set()

    def open(self, size: int, progress: Progress) -> None:
        """`size` (bytes) and `progress`: what an earlier recorder has stored of the live."""
        self.size, self._duration = size, progress.duration

    async def reconcile(self) -> None:
        """Makes the index agree with the objects that an earlier recorder has stored."""
        await reconcile(self._room, self._store, self._objects)

    async def write(self, output: Output) -> None:
        """Takes a piece, or stores a segment. Raises RecordingStopped if the media cannot be
        stored, or if the recording is too long. Raises RecordingGone.
        """
        if isinstance(output, Piece):
            self._new[output.piece] = PieceRecord(
                self._room,
                output.piece,
                output.init,
                output.width,
                output.height,
                output.media_time,
            )
        else:
            await self._write_segment(output)

    async def _write_segment(self, segment: Segment) -> None:
        await asyncio.sleep(0)  # Other tasks of the event loop run first.
        data = segment.data()
        key = segment_key(self._room, segment.sequence)
        row = SegmentRecord(
            self._room,
            segment.sequence,
            segment.piece,
            segment.media_time,
            segment.duration,
            segment.epoch,
            len(data),
        )
        piece = self._new.get(segment.piece)
        await self.repeat(lambda: self._objects.put(key, data, CONTENT_TYPE))
        if not await self.repeat(lambda: self._store.add_segment(row, piece)):
            with suppress(ObjectsError):
                await self._objects.delete([key])
            raise RecordingGone
        self._new.pop(segment.piece, None)
        self._counters.segments += 1
        self._counters.bytes += len(data)
        self.size += len(data)
        self._duration += segment.duration
        if self._duration >= self._policy.max_length * 1_000_000:
            raise RecordingStopped(Note.TOO_LONG)

    async def repeat(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeats an attempt while a store is away. Raises RecordingStopped."""
        loop = asyncio.get_running_loop()
        deadline, wait = loop.time() + PATIENCE, RETRY[0]
        while True:
            try:
                return await attempt()
            except ObjectsFull as error:
                logger.error("room %s: the recording stops: %s", self._room, error)
                raise RecordingStopped(Note.DISK_FULL) from error
            except (ObjectsError, StorageError) as error:
                self._counters.retries += 1
                if self._hurry.is_set() or loop.time() >= deadline:
                    logger.error("room %s: the recording stops: %s", self._room, error)
                    raise RecordingStopped(_note_of(error)) from error
                logger.debug("room %s: a segment is not stored yet: %s", self._room, error)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._hurry.wait()
            wait = min(2 * wait, RETRY[1])


def _note_of(error: Exception) -> Note:
    """Returns the note for an error. SQLite has no error of its own for a full disk."""
    return Note.DISK_FULL if "disk is full" in str(error) else Note.STORE_FAILED
