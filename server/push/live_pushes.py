"""Tells the followers of a creator that the creator is live."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from server.push.counters import PushCounters
from server.push.deliveries import Deliveries, Push, Recipient
from server.push.message import Message, went_live
from server.push.subscription import Subscription
from server.rooms.life import State
from server.rooms.room import Room
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.push_subscriptions import PushSubscriptionStore, SubscriptionRecord
from server.storage.pushed import PushedStore

logger = logging.getLogger(__name__)

MAX_LIVES = 1_000
"""Maximum number of lives for which pushes are still to be sent."""
AT_ONCE = 4
"""Number of lives for which pushes are sent at the same time."""
PATIENCE = 5.0
"""Maximum seconds that one live waits for push services that do not answer."""
TRIES, TRY_AGAIN = 5, 5.0
"""Number of tries while the database does not answer, and the seconds between them."""


@dataclass(frozen=True, slots=True)
class Live:
    """A live that has begun."""

    room: str
    owner: str
    title: str
    is_on: Callable[[], bool]
    """Returns whether the live is still on air and public."""


class LivePushes:
    """Sends the pushes for the lives of this server. Call `start()`, and `close()` at the end.
    Implements RoomObserver.
    """

    def __init__(
        self,
        subscriptions: PushSubscriptionStore,
        pushed: PushedStore,
        deliveries: Deliveries,
        counters: PushCounters,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._subscriptions = subscriptions
        self._pushed = pushed
        self._deliveries = deliveries
        self._counters = counters
        self._clock = clock
        self._lives: asyncio.Queue[Live] = asyncio.Queue(MAX_LIVES)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._work()) for _ in range(AT_ONCE)]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def room_changed(self, room: Room, before: State) -> None:
        if before is not State.IDLE or room.state is not State.LIVE:
            return
        owner = room.record.owner
        if owner is None or room.record.visibility != "public":
            return
        live = Live(
            room.name,
            owner,
            room.record.title,
            lambda: room.on_air and room.record.visibility == "public",
        )
        try:
            self._lives.put_nowait(live)
        except asyncio.QueueFull:
            logger.warning("room %s: too many lives begin, its followers are not told", room.name)

    async def _work(self) -> None:
        while True:
            live = await self._lives.get()
            try:
                await self._tell(live)
            except StorageError as error:
                logger.warning("room %s: its followers are not told: %s", live.room, error)

    async def _tell(self, live: Live) -> None:
        name = await self._claim(live)
        if name is None:
            self._counters.held_back += 1
            return
        self._counters.lives += 1
        message = went_live(live.room, live.title, name)
        place, patience = None, PATIENCE
        while live.is_on():
            page = await self._subscriptions.of_followers(live.owner, place, self._clock())
            for record in page.records:
                patience = await self._deliveries.put(push_to(record, message), patience)
            place = page.place
            if place is None:
                return

    async def _claim(self, live: Live) -> str | None:
        """Returns the name of the creator if this server shall tell the followers. Raises
        StorageError.
        """
        for remaining in reversed(range(TRIES)):
            try:
                return await self._pushed.claim(live.owner, self._clock())
            except StorageUnavailable:
                if not remaining:
                    raise
                await asyncio.sleep(TRY_AGAIN)
        return None


def push_to(record: SubscriptionRecord, message: Message) -> Push:
    """Returns the push of a message to a stored subscription."""
    subscription = Subscription(record.endpoint, record.p256dh, record.auth)
    return Push(Recipient(record.id, subscription, record.language), message)
