"""The rooms in the database, as one of the processes that share the database sees them."""

from relay.errors import RefusalCode
from server.errors import NotFound
from server.rooms.description import RoomDescription
from server.rooms.elsewhere import misdirected
from server.rooms.life import State
from server.rooms.refusals import gone
from server.storage.rooms import RoomRecord, RoomStore


class RoomRecords:
    """The stored rooms of all processes."""

    def __init__(self, store: RoomStore) -> None:
        self._store = store

    async def find(self, name: str) -> RoomRecord:
        """Raises NotFound if the room does not exist, and StorageError."""
        record = await self._store.find(name)
        if record is None:
            raise NotFound(RefusalCode.ROOM_NOT_FOUND, f"there is no room {name[:40]!r}")
        return record

    def runs_elsewhere(self, record: RoomRecord) -> bool:
        """Whether another process owns the room, which has not ended."""
        return record.ended_at is None and record.server != self._store.server

    async def require_here(self, name: str) -> None:
        """Raises Misdirected, which names the owner, if another process owns the room. Raises
        NotFound if the room does not exist.
        """
        record = await self.find(name)
        if self.runs_elsewhere(record):
            raise misdirected(record.server)

    async def require_open(self, name: str) -> None:
        """Raises Gone if the room has ended, NotFound if it does not exist, in any process."""
        if (await self.find(name)).ended_at is not None:
            raise gone()


def describe_stored(record: RoomRecord, state: State) -> RoomDescription:
    """Returns the description of a room that is not in the memory of this process."""
    return RoomDescription(
        record.room,
        record.title,
        state,
        0,
        record.created_at,
        record.live_at,
        record.visibility,
        record.mood,
    )
