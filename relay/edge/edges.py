"""The edge's side: the copies of rooms that other nodes own."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from relay.channel.channel import Channel
from relay.channel.owner import ChannelOwner
from relay.channel.pulse import Pulse
from relay.edge import control
from relay.edge.bus import Bus, BusError
from relay.edge.clock import OriginClock
from relay.edge.counters import EdgeCounters
from relay.edge.join import Snapshot
from relay.edge.link import Link, Locate, RoomOwner
from relay.edge.replica import Replica, Trouble
from relay.edge.subjects import control_subject
from relay.errors import MessageError, Refusal, RefusalCode

logger = logging.getLogger(__name__)

T = TypeVar("T")

TICK = 0.25
"""Time between two looks at all copies, s."""
BEAT_EVERY = 2.0
"""Time between two beats to each origin, s."""
BEAT_ROOMS = 5_000
"""Maximum number of rooms in one beat."""
TIME_WITHIN = 1.0
"""Time within which an origin must answer a measurement of its clock, s."""
LINGER = 10.0
"""Time for which a copy without viewers is kept, s."""
SAY_EVERY = 0.1
"""Time for which notices are collected before they are sent to the origin, s."""
SAY_ITEMS, SAY_BYTES = 200, 64 * 1024
"""Maximum number and size of the notices of one room in one message."""
SAY_MESSAGES = 20
"""Maximum number of such messages of one room in SAY_EVERY. Further notices are dropped."""
MAX_ROOMS = 2_000

Owners = Callable[[str], ChannelOwner]
"""Returns the owner of the copied channel of a room, which takes what its viewers send."""


class Edges:
    """The copies of rooms, by room. Call `start` first and `stop` at the end."""

    def __init__(
        self,
        media: Bus,
        control: Bus,
        node: str,
        *,
        locate: Locate,
        owners: Owners,
        pulse: Pulse | None = None,
        max_rooms: int = MAX_ROOMS,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        """`media`, `control`: the connections for feeds and for control messages. `node`: id of
        this node. `locate` finds the owner of a room again. `monotonic` returns seconds of any
        clock; `now` returns µs since the Unix epoch.
        """
        self.counters = EdgeCounters()
        self._media = media
        self._control = control
        self._node = node
        self._locate = locate
        self._owners = owners
        self.pulse = pulse or Pulse()
        """Measures the lateness of the event loop, for the copies made from now on."""
        self._max_rooms = max_rooms
        self._monotonic = monotonic
        self._now = now
        self._links: dict[str, Link] = {}
        self._opening: dict[str, asyncio.Task[Channel]] = {}
        self._idle_since: dict[str, float] = {}
        """Since when each copy has had no viewers, s."""
        self._clocks: dict[str, OriginClock] = {}
        self._said: dict[str, _Said] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._beat_at = monotonic()
        self._stopped = False

    def start(self) -> None:
        self._tick()

    async def stop(self) -> None:
        """Gives all copies up. Their viewers reconnect, to this server or another."""
        self._stopped = True
        if self._timer:
            self._timer.cancel()
        for node in self._origins():
            data = control.pack(edge=self._node, rooms={}, leaving=True)
            self._control.publish(control_subject(node, "beat"), data)
        for task in self._tasks:
            task.cancel()
        for room in list(self._links):
            self._drop(room)
        for said in self._said.values():
            said.timer.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def channels(self) -> list[Channel]:
        """The copied channels."""
        return [link.replica.channel for link in self._links.values() if link.replica]

    def get(self, room: str) -> Channel | None:
        """Returns the copied channel of a room; None if there is none."""
        link = self._links.get(room)
        return link.replica.channel if link and link.replica and not link.ended else None

    async def open(self, room: str, node: str, epoch: int) -> Channel:
        """Returns the copied channel of a room that `node` owns. It is kept while it has viewers,
        and for 10 s after that. Raises Refusal.
        """
        if self._stopped:
            raise _closing()
        self._idle_since[room] = self._monotonic()
        self.move(room, node, epoch)
        if (channel := self.get(room)) is not None:
            return channel
        task = self._opening.get(room)
        if task is None:
            self._drop(room)
            if len(self._links) >= self._max_rooms:
                raise Refusal(503, RefusalCode.SERVER_FULL, "this server shows too many rooms", 5)
            link = self._links[room] = self._link(room, RoomOwner(node, epoch))
            task = self._opening[room] = self._spawn(self._open(link))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise _closing() from None
            raise

    def move(self, room: str, node: str, epoch: int) -> None:
        """Takes note of the present owner of a room. Does nothing if it is known, or if this node
        has no copy of the room.
        """
        if link := self._links.get(room):
            link.move(RoomOwner(node, epoch))

    def close(self, room: str) -> None:
        """Gives the copy of a room up, because this node owns the room from now on. The viewers
        reconnect.
        """
        if task := self._opening.pop(room, None):
            task.cancel()
        self._drop(room)

    def say(self, room: str, item: Mapping[str, Any]) -> None:
        """Sends a notice of a viewer to the origin of the room, which calls its `up`. Notices are
        sent together, every 0.1 s.
        """
        if room not in self._links or self._stopped:
            return
        said = self._said.get(room)
        if said is None:
            loop = asyncio.get_running_loop()
            said = self._said[room] = _Said(loop.call_later(SAY_EVERY, self._send_said, room))
        if not said.add(item):
            self._send_items(room, said.take())
            if not said.add(item):
                self.counters.dropped += 1

    async def _open(self, link: Link) -> Channel:
        room = link.room
        try:
            channel = await link.open()
        except BaseException:
            if self._links.get(room) is link:
                self._drop(room)
            raise
        finally:
            if self._opening.get(room) is asyncio.current_task():
                del self._opening[room]
        self._idle_since[room] = self._monotonic()
        self._measure(link.owner.node)
        return channel

    def _link(self, room: str, owner: RoomOwner) -> Link:
        return Link(
            room,
            owner,
            self._node,
            self._media,
            self._control,
            locate=self._locate,
            make=self._make,
            clock=self._clock,
            counters=self.counters,
            monotonic=self._monotonic,
            now=self._now,
        )

    def _make(
        self,
        room: str,
        snapshot: Snapshot,
        demand: Callable[[], None],
        trouble: Callable[[Trouble], None],
    ) -> Replica:
        return Replica(
            room,
            snapshot,
            self._owners(room),
            self.pulse,
            self.counters,
            demand=demand,
            trouble=trouble,
            now=self._now,
        )

    def _drop(self, room: str) -> None:
        link = self._links.pop(room, None)
        self._idle_since.pop(room, None)
        if link:
            link.give_up()
            self._spawn(link.close())

    # Time

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)
        self.check()

    def check(self) -> None:
        """Does what is due: beats, measurements of clocks, and the end of copies without viewers.
        Notices silent origins.
        """
        now = self._monotonic()
        for room, link in list(self._links.items()):
            if link.replica is None:
                continue
            link.check(now)
            if link.replica.used:
                self._idle_since[room] = now
            if link.ended or now - self._idle_since.get(room, now) >= LINGER:
                self._drop(room)
        if now - self._beat_at >= BEAT_EVERY:
            self._beat_at = now
            self._beat()
        for node in self._origins():
            self._measure(node)

    def _origins(self) -> set[str]:
        return {link.owner.node for link in self._links.values()}

    def _beat(self) -> None:
        beats: dict[str, list[tuple[str, list[int]]]] = {}
        for link in self._links.values():
            beats.setdefault(link.owner.node, []).append((link.room, link.counts.to_json()))
        for node, rooms in beats.items():
            for start in range(0, len(rooms), BEAT_ROOMS):
                part = dict(rooms[start : start + BEAT_ROOMS])
                data = control.pack(edge=self._node, rooms=part)
                self._control.publish(control_subject(node, "beat"), data)
        self._clocks = {node: clock for node, clock in self._clocks.items() if node in beats}

    # Clocks

    def _clock(self, node: str) -> OriginClock:
        return self._clocks.setdefault(node, OriginClock())

    def _measure(self, node: str) -> None:
        """Measures the clock of an origin in the background, if that is due."""
        if number := self._clock(node).due(self._monotonic()):
            self._spawn(self._ask_time(node, number))

    async def _ask_time(self, node: str, number: int) -> None:
        for _ in range(number):
            sent = self._now()
            try:
                answer = await self._control.request(
                    control_subject(node, "time"), control.pack(), TIME_WITHIN
                )
                origin = control.number(control.read(answer), "now")
            except (BusError, MessageError) as error:
                logger.debug("the clock of %s was not measured: %s", node, error)
                return
            clock = self._clock(node)
            clock.add(sent, self._now(), origin, self._monotonic())
            for link in self._links.values():
                if link.owner.node == node and link.replica:
                    link.replica.channel.ahead = clock.ahead

    # Notices

    def _send_said(self, room: str) -> None:
        self._send_items(room, self._said.pop(room).take())

    def _send_items(self, room: str, items: list[Mapping[str, Any]]) -> None:
        link = self._links.get(room)
        if link and items:
            data = control.pack(edge=self._node, room=room, items=items)
            if not self._control.publish(control_subject(link.owner.node, "say"), data):
                self.counters.dropped += len(items)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            if not isinstance(error, Refusal):
                logger.error("a task of the edge failed", exc_info=error)


def _closing() -> Refusal:
    return Refusal(503, RefusalCode.SERVER_CLOSING, "the server is restarting", 1)


class _Said:
    """The notices of one room that wait to be sent."""

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self.timer = timer
        self._items: list[Mapping[str, Any]] = []
        self._size = 0
        self._messages = 0

    def add(self, item: Mapping[str, Any]) -> bool:
        """Adds a notice. Returns False if the message is full, or if there are too many
        messages.
        """
        size = len(json.dumps(item))
        full = len(self._items) >= SAY_ITEMS or self._size + size > SAY_BYTES
        if full or self._messages >= SAY_MESSAGES:
            return False
        self._items.append(item)
        self._size += size
        return True

    def take(self) -> list[Mapping[str, Any]]:
        """Removes and returns the notices of one message."""
        items, self._items = self._items, []
        self._size = 0
        self._messages += 1
        return items
