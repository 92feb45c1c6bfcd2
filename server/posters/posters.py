"""Makes posters of running lives from their latest keyframes, in confined processes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator

from relay.worker.workers import WorkerFailed, Workers
from server.clips.picture_process import draw_pictures
from server.posters.poster import Poster, PosterShelf, jpeg_size
from server.posters.schedule import Allowance, Candidate, most_urgent
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for lives that need a poster."""
FIRST_AFTER = 3.0
"""Seconds on air before the first poster. In the first seconds, cameras adjust to the light, and
browsers change the size of the picture.
"""
MOST = 500
"""Maximum number of posters that are kept."""
MOST_BYTES = 48 << 20
"""Maximum size of all posters that are kept, bytes."""


class Posters:
    """The posters of the lives of this server. Call `start()`, and `close()` at the end."""

    def __init__(
        self,
        rooms: RoomsInMemory,
        workers: Workers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rooms = rooms
        self._workers = workers
        self._clock = clock
        self._shelf = PosterShelf(MOST, MOST_BYTES)
        self._since: dict[str, float] = {}
        """When each live was first seen."""
        self._tried: dict[str, float] = {}
        """Time of the last attempt, by room."""
        self._made_from: dict[str, int] = {}
        """Decode time of the keyframe of each poster, by room, 90 kHz ticks."""
        self._allowance = Allowance(clock())
        self._task: asyncio.Task[None] | None = None

    @property
    def bytes(self) -> int:
        """Size of all posters in memory."""
        return self._shelf.bytes

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    def find(self, room: str) -> Poster | None:
        """Returns the poster of a room on air; None if there is none yet."""
        return self._shelf.find(room) if self._rooms.is_on_air(room) else None

    async def refresh(self) -> bool:
        """Makes the poster of the most urgent live. Returns False if no live needs a new poster."""
        self._forget_ended()
        urgent = most_urgent(self._candidates(self._clock()), self._clock())
        if urgent is None:
            return False
        self._tried[urgent.room] = self._clock()
        await self._make(urgent.room)
        return True

    def _candidates(self, now: float) -> Iterator[Candidate]:
        for room in self._rooms:
            if room.state is State.LIVE:
                since = self._since.setdefault(room.name, now)
                if now - since >= FIRST_AFTER:
                    yield Candidate(room.name, room.channel.viewers, self._tried.get(room.name))

    async def _make(self, room: str) -> None:
        still = self._rooms.latest_keyframe(room)
        if still is None or still[1].dts == self._made_from.get(room):
            return
        info, sample = still
        began = self._clock()
        try:
            pictures = await draw_pictures(
                self._workers, info.config, [sample.data], filmstrip=False
            )
        except WorkerFailed as error:
            logger.debug("room %s has no poster: %s", room, error)
            return
        finally:
            # The process has one thread, so it uses at most this time.
            self._allowance.spend(self._clock() - began)
        if not self._rooms.is_on_air(room):
            return
        jpeg, webp = pictures.poster_jpeg, pictures.poster_webp
        try:
            width, height = jpeg_size(jpeg)
        except ValueError:  # A hostile bitstream may have taken control of the worker.
            return
        # A version is never used again, also not after a restart: caches keep posters by URL.
        former = self._shelf.find(room)
        version = former.version + 1 if former else int(time.time())
        self._shelf.put(room, Poster(jpeg, webp, pictures.preview, width, height, version))
        self._made_from[room] = sample.dts

    def _forget_ended(self) -> None:
        for room in [room for room in self._since if not self._rooms.is_on_air(room)]:
            del self._since[room]
            self._tried.pop(room, None)
            self._made_from.pop(room, None)
            self._shelf.drop(room)

    async def _run_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._allowance.delay(self._clock()))
            try:
                made = await self.refresh()
            except Exception:
                logger.exception("making a poster failed")
                made = False
            if not made:
                await asyncio.sleep(LOOK_EVERY)
