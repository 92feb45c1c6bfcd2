"""Records one live: reads the stream, and writes segments."""

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum, auto

from relay.stream.stream import Stream
from server.recordings.counters import RecordingCounters
from server.recordings.intake import Intake, Lost
from server.recordings.policy import Keep, Note, RecordingPolicy
from server.recordings.segmenter import Output, Piece, Segmenter
from server.recordings.writer import RecordingGone, RecordingStopped, SegmentWriter
from server.storage.errors import StorageError
from server.storage.recording_records import FINISHED, RECORDING, STOPPED, PieceRecord, RecordingEnd
from server.storage.recordings import RecordingStore

logger = logging.getLogger(__name__)

TICK = 0.25
"""Interval at which the recorder takes the waiting samples, seconds."""
SLICE = 100
"""Maximum number of samples that the recorder handles before other tasks of the event loop run."""
DEMAND_EVERY = 1.0
"""Minimum seconds between two demands for a keyframe."""
REPEAT_INTERVAL = 1.0
"""Seconds between two attempts to store the end of a recording while the database is away."""


class State(Enum):
    RECORDING = auto()
    ENDING = auto()
    """The last segments are being stored."""
    ENDED = auto()


class Cause(Enum):
    """Why a recorder ends."""

    LIVE_OVER = auto()
    CLOSED = auto()
    """The live may continue: the recording stays open for the next recorder of the live."""
    STOPPED = auto()
    """The recording cannot continue, but the live continues."""


class Recorder:
    """Records from its creation until `finish`, `stop` or `close`, or until the recording cannot
    continue. `ended` waits until everything is stored.
    """

    def __init__(
        self,
        room: str,
        stream: Stream,
        keep: Keep,
        store: RecordingStore,
        writer: SegmentWriter,
        policy: RecordingPolicy,
        counters: RecordingCounters,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`keep`: what is kept if the creator has not chosen."""
        self.room = room
        self.state = State.RECORDING
        self.intake = Intake()
        self._stream = stream
        self._keep = keep
        self._store = store
        self._writer = writer
        self._policy = policy
        self._counters = counters
        self._now = now
        self._segmenter = Segmenter()
        self._cause: Cause | None = None
        self._note: Note | None = None
        self._wake = asyncio.Event()
        self._demanded = 0.0
        self._loop = asyncio.get_running_loop()
        for info in stream.tracks.values():
            self.intake.receive_track(info)
        for sample in stream.history(0):  # Samples since the latest keyframe.
            self.intake.receive_sample(sample)
        stream.add_reader(self.intake)
        self._task = self._loop.create_task(self._run())

    @property
    def size(self) -> int:
        """Size of all segments of the recording, bytes."""
        return self._writer.size

    @property
    def recording(self) -> bool:
        """Whether the stream is being recorded."""
        return self.state is State.RECORDING

    def finish(self) -> None:
        """Ends the recording, because its live is over."""
        self._end(Cause.LIVE_OVER)

    def stop(self, note: Note) -> None:
        """Ends the recording before the end of its live."""
        self._note = note
        self._end(Cause.STOPPED)

    def close(self) -> None:
        """Ends this recorder. Another recorder may continue the recording."""
        self._end(Cause.CLOSED)

    def give_up(self) -> None:
        """Ends this recorder without waiting for a store that is away."""
        self._end(Cause.CLOSED)
        self._writer.give_up()

    async def ended(self) -> None:
        """Waits until everything is stored, or could not be stored."""
        await asyncio.wait([self._task])

    def on_ended(self, call: Callable[["Recorder"], None]) -> None:
        """Calls the function once everything is stored, or could not be stored."""
        self._task.add_done_callback(lambda _: call(self))

    def _end(self, cause: Cause) -> None:
        """Ends the recorder. The first cause counts, but the end of the live ends a recording that
        would otherwise stay open.
        """
        self._stream.remove_reader(self.intake)
        if self._cause is None or (self._cause, cause) == (Cause.CLOSED, Cause.LIVE_OVER):
            self._cause = cause
        if self.state is State.RECORDING:
            self.state = State.ENDING
        self._wake.set()

    # The task

    async def _run(self) -> None:
        try:
            if await self._open():
                await self._record()
        except RecordingStopped as stopped:
            if self._cause is not Cause.CLOSED:
                self.stop(stopped.note)
        except RecordingGone:
            logger.info("room %s: its recording has ended elsewhere or was deleted", self.room)
            self.close()
        except Exception:
            logger.exception("room %s: its recording stops", self.room)
            self.stop(Note.STORE_FAILED)
        self._end(Cause.CLOSED)
        self._counters.lost += self.intake.lost
        self.intake.drop()
        self.intake.lost = 0
        if self._cause is not Cause.CLOSED:
            await self._store_end()
        self.state = State.ENDED

    async def _open(self) -> bool:
        """Begins the recording, or continues it. Returns whether there is anything to record."""
        writer, now = self._writer, self._now()
        record = await writer.repeat(lambda: self._store.begin(self.room, self._keep, now))
        if record is None or record.state != RECORDING or record.keep == Keep.NO:
            self.close()
            return False
        if record.began_at != now:
            await writer.repeat(writer.reconcile)
        progress = await writer.repeat(lambda: self._store.progress(self.room))
        writer.open(record.bytes, progress)
        self._segmenter = Segmenter(progress.sequence, _piece(progress.piece))
        return True

    async def _record(self) -> None:
        while self.state is State.RECORDING:
            await self._write_waiting()
            self._demand_key()
            try:
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            except TimeoutError:
                pass
        await self._write_waiting()
        await self._write(self._segmenter.end())

    async def _write_waiting(self) -> None:
        """Handles the waiting samples in slices, so that other tasks run in between."""
        while self.intake:
            found: list[Output] = []
            for item in self.intake.take(SLICE):
                if isinstance(item, Lost):
                    found += self._segmenter.skip()
                else:
                    found += self._segmenter.receive(item)
            await self._write(found)
            if self.intake:
                await asyncio.sleep(0)

    async def _write(self, outputs: list[Output]) -> None:
        for output in outputs:
            await self._writer.write(output)

    def _demand_key(self) -> None:
        now = self._loop.time()
        if self._segmenter.wants_key and now - self._demanded >= DEMAND_EVERY:
            self._demanded = now
            self._stream.demand_keyframe()

    async def _store_end(self) -> None:
        """Stores the end of the recording. Repeats the attempt while the database is away."""
        if self._note:
            self._counters.stopped[self._note] += 1
        end = RecordingEnd(
            STOPPED if self._note else FINISHED, self._now(), self._policy.ages, self._note or ""
        )
        while True:
            try:
                await self._store.finish(self.room, end)
                return
            except StorageError as error:
                logger.debug(
                    "room %s: the end of its recording is not stored: %s", self.room, error
                )
                if self._writer.gave_up:
                    return
            await asyncio.sleep(REPEAT_INTERVAL)


def _piece(record: PieceRecord | None) -> Piece | None:
    if record is None:
        return None
    return Piece(record.piece, record.init, record.width, record.height, record.media_time)
