"""The parts that find out who sends a request, and who may watch a room."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from server.http.access import Access
from server.http.hosts import Origins
from server.http.identity import Identity
from server.http.requester import Requesters
from server.people.purge import Purge
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Visitors:
    """The parts that find out who sends a request, and who may watch a room."""

    identity: Identity
    requesters: Requesters
    access: Access


async def open_visitors(
    rooms: Rooms, storage: Storage, origins: Origins, settings: Settings, stack: AsyncExitStack
) -> Visitors:
    """Reads the keys that sign cookies. Starts the task that deletes the people who have asked to
    be deleted. Raises StorageError.
    """
    identity = Identity(storage.people, storage.cookie_keys, origins, settings)
    await identity.open()
    stack.push_async_callback(identity.close)
    purge = Purge(storage.accounts, identity.counters, rooms.forget_person)
    purge.start()
    stack.push_async_callback(purge.close)
    requesters = Requesters(identity, settings)
    access = Access(rooms, requesters, settings)
    access.open()
    stack.push_async_callback(access.close)
    return Visitors(identity, requesters, access)
