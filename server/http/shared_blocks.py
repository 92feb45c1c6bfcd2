"""The blocks in the database, which all its servers apply."""

import asyncio
import logging
import time
from collections.abc import Callable

from relay.errors import Refusal
from server.http.blocklist import Block, Blocklist, BlocklistFull, parse_network
from server.http.client import is_in
from server.rooms.commands.room import EndByOperator
from server.rooms.registry import Rooms
from server.setting_types import IPNetwork
from server.storage.blocks import BLOCKS, BlockRecord, BlockStore, network_of
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

RETRY = 1.0
"""Seconds after which the blocks are read again if the database did not answer."""


class SharedBlocks:
    """Keeps the blocklist like the blocks in the database. Call `read()` once, then `open()`;
    `close()` ends the task that follows the changes of other servers.
    """

    def __init__(self, blocklist: Blocklist, stored: BlockStore) -> None:
        self._blocklist = blocklist
        self._stored = stored
        self._known: set[IPNetwork] = set()
        """The networks that are in the database, as far as this server knows. A block that this
        server is about to store is not among them, and stays.
        """
        self._ending: dict[IPNetwork, None] = {}
        """The networks whose rooms are still to be ended."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self, rooms: Rooms, cut: Callable[[IPNetwork], None]) -> None:
        """`cut` ends the connections and the WHEP sessions of a network."""
        rooms.watch_moderation(self._note)
        self._task = asyncio.get_running_loop().create_task(self._follow(rooms, cut))

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def store(self, block: Block, *, end_rooms: bool) -> None:
        """Stores a block, which every server then applies. `end_rooms`: whether the other servers
        end the rooms that clients of the network created. Raises StorageError.
        """
        record = BlockRecord(str(block.network), block.until, block.reason)
        await self._stored.add(record, time.time(), end_rooms=end_rooms)
        self._known.add(block.network)

    async def forget(self, network: IPNetwork) -> None:
        """Removes a stored block. Raises StorageError."""
        await self._stored.remove(str(network), time.time())
        self._known.discard(network)

    async def read(self) -> list[IPNetwork]:
        """Reads the blocks from the database. Returns the networks that are blocked since the last
        read. Raises StorageError.
        """
        now = time.time()
        records = await self._stored.active(now)
        found = {parse_network(record.network): record for record in records}
        for network in self._known - found.keys():
            self._blocklist.remove(network)
        for network, record in found.items():
            try:
                self._blocklist.add(Block(network, record.until, record.reason), now)
            except BlocklistFull:
                logger.error("too many networks are blocked: %s is not", network)
        new = [network for network in found if network not in self._known]
        self._known = set(found)
        return new

    def _note(self, change: str) -> None:
        if network := network_of(change):
            self._ending[parse_network(network)] = None
        elif change != BLOCKS:
            return
        self._changed.set()

    async def _follow(self, rooms: Rooms, cut: Callable[[IPNetwork], None]) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                for network in await self.read():
                    cut(network)
                while self._ending:
                    network = next(iter(self._ending))
                    if self._blocklist.find_network(network):  # it may be unblocked by now
                        await end_rooms(rooms, network)
                    del self._ending[network]
            except (StorageError, Refusal) as error:
                logger.debug("cannot follow the blocks: %s", error)
                self._changed.set()
                await asyncio.sleep(RETRY)


async def end_rooms(rooms: Rooms, network: IPNetwork) -> list[str]:
    """Ends the rooms of this server that clients of the network created. Returns the names of the
    rooms.
    """
    names = [room.room.room for room in rooms.listing.inspect() if is_in(room.creator, (network,))]
    await asyncio.gather(*(rooms.ask(name, EndByOperator()) for name in names))
    return names
