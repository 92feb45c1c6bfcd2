"""The recordings of the lives of this process, and the replays of all servers."""

import asyncio
import logging
import time
from collections.abc import Callable
from weakref import WeakValueDictionary

from server.objects.errors import ObjectsError
from server.objects.objects import Objects
from server.recordings.counters import RecordingCounters
from server.recordings.policy import Keep, Note, RecordingPolicy
from server.recordings.reconciliation import reconcile
from server.recordings.recorder import Recorder
from server.recordings.replay import Replay, describe
from server.recordings.upkeep import Upkeep
from server.recordings.writer import SegmentWriter
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.rooms.room import Room
from server.storage.errors import StorageError
from server.storage.kept_media import KeptMediaStore
from server.storage.recording_records import FINISHED, RecordingEnd
from server.storage.recordings import RecordingStore, segment_key

logger = logging.getLogger(__name__)

CLOSE_WITHIN = 5.0
"""Seconds for which the last segments are stored when the server shuts down."""
RELEASE_WITHIN = 0.5
"""Seconds for which the last segment is stored when another server takes a live."""


class Recordings:
    """Records each live from the moment it goes on air until its end, across absences of its
    publisher and restarts of the server. Call `open()`, and `close()` at the end. Implements
    RoomObserver.
    """

    def __init__(
        self,
        rooms: RoomsInMemory,
        store: RecordingStore,
        kept: KeptMediaStore,
        objects: Objects,
        policy: RecordingPolicy,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.counters = RecordingCounters()
        self.policy = policy
        self._rooms = rooms
        self._store = store
        self._objects = objects
        self._now = now
        self._recorders: dict[str, Recorder] = {}
        self._choosing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Locks by room. A lock is held while the creator's choice changes."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._upkeep = Upkeep(store, kept, policy, self._conclude, self._stop_largest, now)
        self._closing = False

    async def open(self) -> None:
        """Continues the recordings of the rooms that were live when this server last ran, and ends
        the recordings of rooms that have ended since. Raises StorageError.
        """
        for record in await self._store.unfinished():
            room = self._rooms.find(record.room)
            if room is None or room.ended:
                self._spawn_conclude(record.room)
            elif room.on_air:
                self._record(room)
        self._upkeep.start()

    async def close(self) -> None:
        """Stores the last segments. The recordings of open rooms continue after the next start."""
        self._closing = True
        await self._upkeep.close()
        recorders = list(self._recorders.values())
        for recorder in recorders:
            recorder.close()
        hurry = asyncio.get_running_loop().call_later(CLOSE_WITHIN, self._give_up)
        for recorder in recorders:
            await recorder.ended()
        while self._tasks:
            await asyncio.wait(self._tasks)
        hurry.cancel()

    # RoomObserver

    def room_changed(self, room: Room, before: State) -> None:
        if self._closing:
            return
        if room.state is State.LIVE:
            self._record(room)
        elif room.state is State.ENDED:
            recorder = self._recorders.get(room.name)
            if recorder:
                recorder.finish()
            elif before is not State.IDLE:
                self._spawn_conclude(room.name)

    async def release(self, room: str) -> None:
        """Stores the last segment of a live that another server runs from now on. That server
        continues the recording.
        """
        recorder = self._recorders.get(room)
        if recorder:
            recorder.close()
            hurry = asyncio.get_running_loop().call_later(RELEASE_WITHIN, recorder.give_up)
            await recorder.ended()
            hurry.cancel()

    async def ended(self, room: str) -> None:
        """Returns once the recording of a live that has ended is stored, or could not be stored."""
        recorder = self._recorders.get(room)
        if recorder:
            await recorder.ended()

    # The creator's choice

    async def choose(self, room: str, keep: Keep) -> bool:
        """Changes what is kept of a live, before, during or after the live. Returns False if the
        live has ended and nothing was kept of it. Raises StorageError.
        """
        async with self._choosing.setdefault(room, asyncio.Lock()):
            found = await self._store.keep(room, keep, self.policy.ages, self._now())
            live = self._rooms.find(room)
            if live is None or live.ended:
                if found and keep is Keep.NO:
                    await self._store.discard(room, self._now())
                return found
            if not found:
                await self._store.begin(room, keep, self._now())
            if keep is Keep.NO:
                await self._suspend(room)
            elif live.on_air:
                self._record(live)
            return True

    async def delete(self, room: str) -> None:
        """Deletes all that was recorded of a live. Raises StorageError."""
        async with self._choosing.setdefault(room, asyncio.Lock()):
            live = self._rooms.find(room)
            if live is None or live.ended:
                await self._store.discard(room, self._now())
                return
            await self._suspend(room)
            keys = [segment_key(room, each.sequence) for each in await self._store.segments(room)]
            await self._store.erase(room)
            try:
                await self._objects.delete(keys)
            except ObjectsError as error:  # The objects are discarded at the end of the live.
                logger.warning("room %s: its recording is not deleted yet: %s", room, error)

    async def describe(self, room: str) -> Replay:
        """Returns what is kept of a live. Raises StorageError."""
        record = await self._store.read(room)
        if record is None:
            return describe(None, (), {}, self.policy.keep)
        pieces, durations = await self._store.pieces(room), await self._store.durations(room)
        return describe(record, pieces, durations, self.policy.keep)

    async def _suspend(self, room: str) -> None:
        recorder = self._recorders.get(room)
        if recorder:
            recorder.close()
            await recorder.ended()

    # Figures

    @property
    def running(self) -> int:
        """Number of lives that are being recorded."""
        return sum(recorder.recording for recorder in self._recorders.values())

    @property
    def waiting(self) -> int:
        """Memory of the samples that wait for their recorder, bytes."""
        return sum(recorder.intake.size for recorder in self._recorders.values())

    @property
    def lost(self) -> int:
        """Number of samples that were left out since the process began."""
        return self.counters.lost + sum(each.intake.lost for each in self._recorders.values())

    # Recorders

    def _record(self, room: Room) -> None:
        """Records a room that is on air, unless it is being recorded. The recorder ends at once if
        the creator wants to keep nothing, or if the recording has ended.
        """
        if room.name in self._recorders or self._closing:
            return
        writer = SegmentWriter(room.name, self._store, self._objects, self.policy, self.counters)
        recorder = self._recorders[room.name] = Recorder(
            room.name,
            room.stream,
            self.policy.keep,
            self._store,
            writer,
            self.policy,
            self.counters,
            self._now,
        )
        recorder.on_ended(self._forget)

    def _forget(self, recorder: Recorder) -> None:
        self._recorders.pop(recorder.room, None)

    def _stop_largest(self, note: Note) -> None:
        running = [recorder for recorder in self._recorders.values() if recorder.recording]
        if running:
            max(running, key=lambda recorder: recorder.size).stop(note)

    def _give_up(self) -> None:
        for recorder in self._recorders.values():
            recorder.give_up()

    # Recordings without a recorder

    def _spawn_conclude(self, room: str) -> None:
        task = asyncio.get_running_loop().create_task(self._conclude(room))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _conclude(self, room: str) -> None:
        """Ends a recording that no recorder writes, because its live is over. If a store is away,
        this method changes nothing, and `Upkeep` tries again.
        """
        if room in self._recorders:
            return
        end = RecordingEnd(FINISHED, self._now(), self.policy.ages)
        try:
            await reconcile(room, self._store, self._objects)
            await self._store.finish(room, end)
        except (ObjectsError, StorageError) as error:
            logger.warning("room %s: its recording is not ended yet: %s", room, error)
