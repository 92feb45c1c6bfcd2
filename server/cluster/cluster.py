"""This node's part in the cluster: its connection, the other nodes, and who owns which room."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Self

from relay.edge.link import RoomOwner
from relay.edge.nats_bus import NatsBus
from relay.edge.subjects import control_subject
from relay.errors import RefusalCode
from server.cluster.adoption import Adoption
from server.cluster.asking import BadMessage, read, write
from server.cluster.connection import Connection
from server.cluster.copies import Copies, OnBeacon, connect_media
from server.cluster.errors import ClusterError, Unreachable
from server.cluster.forwarding import Forwarding
from server.cluster.http_messages import ForwardedAnswer, ForwardedRequest
from server.cluster.node import Node
from server.cluster.nodes import Nodes, new_id
from server.cluster.owner import Owner
from server.cluster.ownership import Ownership
from server.cluster.remote import Remote
from server.cluster.strangers import Strangers
from server.errors import Unavailable
from server.rooms.commands.base import Command
from server.rooms.hand_over import HandOver, read_hand_over
from server.rooms.life import State
from server.rooms.registry import Rooms
from server.rooms.room import Room
from server.rooms.watching import Watched

logger = logging.getLogger(__name__)

TAKEN_WITHIN = 1.0
"""Seconds within which the former owner of a room must let go of it. A former owner that does not
answer is taken for dead: what it still sends is on a subject to which no node listens.
"""


class Cluster:
    """This node among the others. `open()` makes it; then call `serve()`, and `close()` at the end.
    Implements Elsewhere and RoomObserver.
    """

    def __init__(self, node: Node, connection: Connection, media: NatsBus) -> None:
        """`media`: a connection for media."""
        self.id = node.id
        self.name = node.name
        self.connection = connection
        self.nodes = Nodes(connection, node, self._gone)
        self.owners = Ownership(connection, node.id, self._lost, self._moved)
        self.copies = Copies(media, connection, node.id, self.owners)
        self._remote = Remote(connection, self.nodes, self.owners)
        self.forwarding = Forwarding(connection, node.id)
        self._rooms: Rooms | None = None
        self._adoption: Adoption | None = None
        self._strangers: Strangers | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str, name: str, public_url: str | None = None) -> Self:
        """Joins the cluster of `url` as the node `name`. `public_url`: the URL at which viewers
        reach this node. Raises ClusterError.
        """
        node = Node(new_id(name), public_url)
        connection = await Connection.open(url, node.id)
        try:
            media = await connect_media(url, node.id)
        except BaseException:
            await connection.close()
            raise
        cluster = cls(node, connection, media)
        connection.reconnected = cluster._reconnected
        try:
            await cluster.nodes.open()
            await cluster.owners.open()
        except BaseException:
            await cluster.close()
            raise
        logger.info("node %s of the cluster at %s", node.id, connection.place)
        return cluster

    async def serve(
        self,
        rooms: Rooms,
        read_leases: Callable[[], Awaitable[Mapping[str, int]]],
        on_beacon: OnBeacon,
    ) -> None:
        """Answers the other nodes from now on, and adopts the rooms of nodes that are gone.
        `read_leases` returns the number of renewals of each server in the database. `on_beacon` is
        called with each report of a viewer of a copied room, and the one before. Raises
        Unreachable.
        """
        self._rooms = rooms
        self._adoption = Adoption(self.nodes, rooms.moves, read_leases)
        self._strangers = Strangers(self.nodes, read_leases)
        self._strangers.start()
        await self.copies.start(rooms, on_beacon)
        await self._remote.open(rooms.executor.execute_here)
        await self.connection.answer(control_subject(self.id, "taken"), self._taken)

    async def close(self) -> None:
        """Leaves the cluster."""
        if self._adoption:
            await self._adoption.close()
        if self._strangers:
            await self._strangers.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.copies.close()
        await self.owners.close()
        await self.nodes.close()
        await self.connection.close()

    # Rooms of other nodes. These methods implement Elsewhere.

    @property
    def can_take(self) -> bool:
        return self.connection.connected

    @property
    def cut_off(self) -> bool:
        return not self.connection.connected

    def has(self, room: str) -> bool:
        return not self.owners.owns(room) and self.owners.find(room) is not None

    async def ask(self, room: str, server: str, command: Command[Any]) -> object:
        return await self._remote.ask(room, server, command)

    def owner(self, room: str) -> str | None:
        owner = self.owners.find(room)
        return owner.name if owner else None

    def state(self, room: str) -> State | None:
        owner = self.owners.find(room)
        try:
            return State(owner.state) if owner else None
        except ValueError:  # of a later version
            return None

    async def watch(self, room: str) -> Watched:
        return await self.copies.watch(room)

    async def restore(self, room: str) -> HandOver:
        try:
            former = await self.owners.take(room)
        except ClusterError as error:
            logger.warning("room %s is not announced yet: %s", room, error)
            return HandOver()
        return former.room.after_a_crash() if former else HandOver()

    async def take(self, room: str) -> HandOver:
        try:
            former = await self.owners.take(room)
        except ClusterError as error:
            logger.warning("room %s cannot be taken: %s", room, error)
            raise Unavailable(
                RefusalCode.NODE_AWAY, "the servers cannot agree who runs this room: try again"
            ) from error
        if former is None or former.node == self.id:
            return HandOver()
        mine = self.owners.find(room)
        request = write(
            {"room": room, "node": self.id, "epoch": mine.epoch if mine else former.epoch + 1}
        )
        try:
            answer = await self.connection.request(
                control_subject(former.node, "taken"), request, TAKEN_WITHIN
            )
            found = read(answer)["room"]
            if found is not None:
                return read_hand_over(found)
        except (Unreachable, BadMessage, KeyError, ValueError, TypeError) as error:
            logger.info("room %s: node %s does not let go of it: %s", room, former.node, error)
        return former.room.after_a_crash()

    def opened(self, room: Room) -> None:
        self.owners.opened(room.name)
        owner = self.owners.find(room.name)
        self.copies.drop(room.name)
        self.copies.origin.open(room.name, owner.epoch if owner else 1, room.channel)
        self._changed(room)

    def closed(self, name: str) -> None:
        self.copies.origin.close(name)

    # Requests for other nodes. These methods implement OtherNodes.

    def node_of(self, server: str) -> str | None:
        node = self.nodes.named(server)
        return node.id if node and node.id != self.id else None

    def runs(self, node: str) -> bool:
        return self.nodes.find(node) is not None

    async def forward(self, node: str, request: ForwardedRequest) -> ForwardedAnswer:
        return await self.forwarding.forward(node, request)

    # RoomObserver

    def room_changed(self, room: Room, before: State) -> None:
        if room.state is State.ENDED:
            self.owners.ended(room.name)
        else:
            self._changed(room)

    def _changed(self, room: Room) -> None:
        self.owners.changed(room.name, room.state.value, room.hand_over)

    # Leaving

    @property
    def present(self) -> bool:
        """Whether another node takes rooms and viewers."""
        return self.connection.connected and any(not node.draining for node in self.nodes.others)

    async def leave(self) -> None:
        """Tells the other nodes that this node takes no more rooms and viewers."""
        await self.nodes.announce(draining=True)

    # Rooms that this node loses

    async def _taken(self, data: bytes) -> bytes:
        """Answers a node that has taken a room from this one."""
        found = read(data)
        room = str(found["room"])
        self.owners.left(room, Owner(str(found["node"]), int(found["epoch"])))
        hand_over = await self._rooms.moves.give_up(room) if self._rooms else None
        return write({"room": hand_over.to_json() if hand_over else None})

    def _lost(self, room: str, owner: Owner) -> None:
        if self._rooms:
            self._spawn(self._give_up(self._rooms, room))

    async def _give_up(self, rooms: Rooms, room: str) -> None:
        await rooms.moves.give_up(room)

    # Other nodes, and NATS

    def _moved(self, room: str, owner: Owner) -> None:
        if owner.node == self.id:
            self.copies.origin.renumber(room, owner.epoch)
        else:
            self.copies.moved(room, RoomOwner(owner.node, owner.epoch))

    def _gone(self, node: Node) -> None:
        if self._rooms:
            self._rooms.forget_node(node.id)
        if self._adoption:
            self._adoption.consider(node)

    def _reconnected(self) -> None:
        self._spawn(self._read_again())

    async def _read_again(self) -> None:
        try:
            await self.nodes.read_again()
            await self.owners.read_again()
        except ClusterError as error:
            logger.warning("the tables of the cluster are not read again: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            logger.error("the cluster", exc_info=task.exception())
