"""The media between nodes: publishes this node's rooms to others, and copies those of others for
this node's viewers.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from relay.channel.owner import ChannelOwner
from relay.edge.bus import BusError
from relay.edge.edges import Edges
from relay.edge.link import RoomOwner
from relay.edge.nats_bus import MEDIA_PENDING, NatsBus
from relay.edge.origin import Origin
from relay.errors import RefusalCode
from server.cluster.connection import Connection
from server.cluster.copied_room import CopiedRoom
from server.cluster.errors import Unreachable
from server.cluster.ownership import Ownership
from server.errors import Unavailable
from server.rooms.audience import Audience
from server.rooms.beacon import Beacon
from server.rooms.watching import Watched

logger = logging.getLogger(__name__)


class RoomsWithViewers(Protocol):
    """The rooms of this process."""

    def receive_from_node(self, name: str, node: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Takes what the viewers at another node do."""

    async def require_open(self, name: str) -> None:
        """Raises Gone if the room has ended, NotFound if it does not exist, wherever it runs."""


OnBeacon = Callable[[Beacon, Beacon | None], None]


async def connect_media(url: str, node: str) -> NatsBus:
    """Opens a connection for media. Raises Unreachable."""
    try:
        return await NatsBus.connect(url, f"{node}-media", MEDIA_PENDING)
    except BusError as error:
        raise Unreachable(str(error)) from error


class Copies:
    """The rooms between nodes. Call `start()` first, and `close()` at the end."""

    def __init__(
        self, media: NatsBus, connection: Connection, node: str, owners: Ownership
    ) -> None:
        control = NatsBus(connection.client)
        self._media = media
        self._node = node
        self._owners = owners
        self._rooms: RoomsWithViewers
        self._on_beacon: OnBeacon
        self._copied: dict[str, CopiedRoom] = {}
        self.origin = Origin(media, control, node, up=self._up)
        self.edges = Edges(media, control, node, locate=self._locate, owners=self._make_owner)

    async def start(self, rooms: RoomsWithViewers, on_beacon: OnBeacon) -> None:
        """Copies rooms, and lets others copy, from now on. `on_beacon` is called with each viewer's
        report and the one before. Raises Unreachable.
        """
        self._rooms = rooms
        self._on_beacon = on_beacon
        try:
            await self.origin.start()
        except BusError as error:
            raise Unreachable(str(error)) from error
        self.edges.start()

    async def close(self) -> None:
        await self.edges.stop()
        await self.origin.stop()
        await self._media.close()

    async def watch(self, room: str) -> Watched:
        """Returns the copy of a room that another node owns. Raises a Refusal."""
        owner = await self._locate(room)
        if owner is None:
            raise Unavailable(
                RefusalCode.NODE_AWAY, "the server that runs this room does not answer: try again"
            )
        channel = await self.edges.open(room, owner.node, owner.epoch)
        copied = self._copied.get(room)
        return Watched(channel, copied.meet if copied else _forget)

    def moved(self, room: str, owner: RoomOwner) -> None:
        """Takes note of another owner of a room."""
        if self.edges.get(room) is not None:
            self.edges.move(room, owner.node, owner.epoch)
            if copied := self._copied.get(room):
                copied.tell_again()

    def drop(self, room: str) -> None:
        """Gives up the copy of a room that this node owns from now on."""
        self._copied.pop(room, None)
        self.edges.close(room)

    async def _locate(self, room: str) -> RoomOwner | None:
        owner = self._owners.find(room) or await self._owners.read(room)
        if owner is None or owner.node == self._node:
            await self._rooms.require_open(room)
            return None
        return RoomOwner(owner.node, owner.epoch)

    def _make_owner(self, room: str) -> ChannelOwner:
        copied = CopiedRoom(
            partial(self.edges.say, room), Audience(self._on_beacon), time.monotonic
        )
        copied.begin()
        self._copied[room] = copied
        for name in [name for name in self._copied if self.edges.get(name) is None]:
            if name != room:
                del self._copied[name]
        return copied

    def _up(self, room: str, node: str, items: Sequence[Mapping[str, Any]]) -> None:
        self._rooms.receive_from_node(room, node, items)


def _forget(*_: object) -> None:
    """Does nothing: the copy has ended just now."""
