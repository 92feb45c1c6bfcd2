"""The origin's side: lets edges join the rooms that this node owns, and counts their viewers."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from relay.callbacks import ignore
from relay.channel.channel import Channel, ChannelState
from relay.edge import control
from relay.edge.bus import Bus, BusError, Reply, Subscription
from relay.edge.control import UnknownVersion
from relay.edge.counters import OriginCounters
from relay.edge.join import JoinRequest, refusal
from relay.edge.leases import Counts, Leases
from relay.edge.room_feed import RoomFeed
from relay.edge.subjects import control_subject, feed_subject
from relay.errors import MessageError

logger = logging.getLogger(__name__)

TICK = 0.25
"""Time between two looks at the leases and at silent feeds, s."""
MAX_STRANGERS = 1_000
"""Maximum number of nodes with another version that are remembered, so that each is logged once."""

Up = Callable[[str, str, Sequence[Mapping[str, Any]]], None]
"""Takes what the viewers at an edge say: the room, the id of the edge and the notices."""


class Origin:
    """Publishes the rooms of this node to the edges that want them. Call `start`, then `open` for
    each room, and `stop` at the end.
    """

    def __init__(
        self,
        media: Bus,
        control: Bus,
        node: str,
        *,
        up: Up = ignore,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        """`media`, `control`: the connections for feeds and for control messages. `node`: id of
        this node. `monotonic` returns seconds of any clock; `now` returns µs since the Unix epoch.
        """
        self.counters = OriginCounters()
        self.leases = Leases()
        self._media = media
        self._control = control
        self._node = node
        self._up = up
        self._monotonic = monotonic
        self._now = now
        self._rooms: dict[str, RoomFeed] = {}
        self._subscriptions: list[Subscription] = []
        self._timer: asyncio.TimerHandle | None = None
        self._strangers: set[str] = set()

    async def start(self) -> None:
        """Listens to edges from now on. Raises BusError."""
        try:
            for word, receive in (
                ("join", self._receive_join),
                ("beat", self._receive_beat),
                ("want", self._receive_want),
                ("say", self._receive_say),
                ("time", self._receive_time),
            ):
                subject = control_subject(self._node, word)
                self._subscriptions.append(
                    await self._control.subscribe(subject, self._checked(receive))
                )
        except BusError:
            await self.stop()
            raise
        self._tick()

    async def stop(self) -> None:
        """Ends all feeds."""
        if self._timer:
            self._timer.cancel()
        for room in list(self._rooms):
            self.close(room)
        for subscription in self._subscriptions:
            await subscription.close()
        self._subscriptions.clear()

    def open(self, room: str, epoch: int, channel: Channel) -> None:
        """Lets edges join a room that this node owns. `epoch`: the number of this ownership.
        Replaces an earlier ownership of the room.
        """
        self.close(room)
        self._rooms[room] = RoomFeed(
            self._media,
            feed_subject(self._node, epoch, room),
            epoch,
            channel,
            self.counters,
            self._now(),
        )

    def close(self, room: str) -> None:
        """Ends the feed of a room: edges tell their viewers that the room has ended, if its channel
        has ended, and otherwise look for the new owner. Does nothing if there is no such room.
        """
        if feed := self._rooms.pop(room, None):
            feed.close()
            self.leases.forget(room)

    def renumber(self, room: str, epoch: int) -> None:
        """Changes the number of an ownership. Does nothing if there is no such room."""
        if (feed := self._rooms.get(room)) and feed.epoch != epoch:
            self.open(room, epoch, feed.channel)

    @property
    def feeds(self) -> int:
        """The number of rooms that are published to edges."""
        return sum(feed.on for feed in self._rooms.values())

    # Time

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)
        self.expire()

    def expire(self) -> None:
        """Ends the leases whose time is over, and lets silent feeds say that they live."""
        self._recount(self.leases.expire(self._monotonic()))
        now = self._now()
        for feed in self._rooms.values():
            feed.keep_alive(now)

    def _recount(self, rooms: set[str]) -> None:
        for room in rooms:
            if feed := self._rooms.get(room):
                if self.leases.wanted(room):
                    feed.count(self.leases.counts(room))
                else:
                    feed.stop()

    # Control messages

    def _checked(self, receive: Callable[[bytes, Reply], None]) -> Callable[..., None]:
        """Returns `receive` as a function for `Bus.subscribe` that drops malformed messages."""

        def checked(subject: str, data: bytes, reply: Reply) -> None:
            try:
                receive(data, reply)
            except UnknownVersion as error:
                self.counters.refused += 1
                reply(refusal("version"))
                self._note_stranger(data, error)
            except MessageError as error:
                self.counters.refused += 1
                logger.debug("a message to %s was dropped: %s", subject, error)

        return checked

    def _note_stranger(self, data: bytes, error: UnknownVersion) -> None:
        """Logs a node with another version once."""
        edge = control.sender(data)
        if edge not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(edge)
            logger.warning("node %.60s cannot get rooms from this one: %s", edge, error)

    def _receive_join(self, data: bytes, reply: Reply) -> None:
        request = JoinRequest.read(data)
        feed = self._rooms.get(request.room)
        if (
            feed is None
            or feed.epoch != request.epoch
            or feed.channel.state is not ChannelState.OPEN
        ):
            self.counters.refused += 1
            reply(refusal("not_here"))
            return
        if not self.leases.renew(request.edge, request.room, request.counts, self._monotonic()):
            self.counters.refused += 1
            reply(refusal("full"))
            return
        self.counters.joins += 1
        feed.start()
        feed.count(self.leases.counts(request.room))
        reply(feed.snapshot(request, self._now()).pack())

    def _receive_beat(self, data: bytes, _: Reply) -> None:
        fields = control.read(data)
        edge, rooms = control.text(fields, "edge"), fields.get("rooms")
        if not isinstance(rooms, dict):
            raise MessageError("the beat has no rooms")
        if fields.get("leaving") is True:
            self._recount(self.leases.end(edge))
            return
        counts = {room: Counts.from_json(value) for room, value in rooms.items()}
        # An edge whose lease has ended notices the silence of the feed, and joins again.
        self.leases.beat(edge, counts, self._monotonic())
        self._recount({room for room in counts if self.leases.wanted(room)})

    def _receive_want(self, data: bytes, _: Reply) -> None:
        fields = control.read(data)
        if feed := self._rooms.get(control.text(fields, "room")):
            feed.demand(self._now())

    def _receive_say(self, data: bytes, _: Reply) -> None:
        fields = control.read(data)
        room, edge = control.text(fields, "room"), control.text(fields, "edge")
        items = fields.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise MessageError("the message of an edge says nothing")
        if room in self._rooms:
            self._up(room, edge, items)

    def _receive_time(self, data: bytes, reply: Reply) -> None:
        control.read(data)
        reply(control.pack(now=self._now()))
