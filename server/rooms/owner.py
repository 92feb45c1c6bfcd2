"""Finds the person to whom a room belongs."""

from server.people.person import Person
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage


async def read_owner(record: RoomRecord, storage: Storage) -> Person | None:
    """Returns the owner of a room; None if the room belongs to no person. Raises StorageError."""
    found = await storage.people.find(record.owner) if record.owner else None
    return Person(found.id, found.name, found.colour, found.handle) if found else None
