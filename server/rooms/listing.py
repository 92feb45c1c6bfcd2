"""The lists of rooms: for viewers, for the profile of a person and for the operator."""

from collections.abc import Iterator
from dataclasses import replace

from server.rooms.description import RoomDescription, RoomInspection
from server.rooms.elsewhere import Elsewhere
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.rooms.records import describe_stored
from server.storage.rooms import RoomStore


class Listing:
    """Lists the rooms that this process owns, and those of other processes."""

    def __init__(self, in_memory: RoomsInMemory, store: RoomStore, elsewhere: Elsewhere) -> None:
        self._in_memory = in_memory
        self._store = store
        self._elsewhere = elsewhere

    def on_air(self) -> Iterator[RoomDescription]:
        """Yields the public rooms that are live or away. The room with the most viewers is first.
        Only a few HLS viewers of each address count for this order.
        """
        rooms = [
            room for room in self._in_memory if room.on_air and room.record.visibility == "public"
        ]
        rooms.sort(key=lambda room: (-room.channel.ranked_viewers, -(room.live_since or 0)))
        return (room.describe() for room in rooms if room.on_air)

    async def on_air_elsewhere(self) -> list[RoomDescription]:
        """Returns the public rooms of other processes that are live or away, if this process can
        show them. The room with the most viewers is first; their numbers may be 30 s old. Raises
        StorageError.
        """
        if not self._elsewhere.can_take:
            return []
        found = []
        for record in await self._store.on_air_elsewhere():
            state = self._elsewhere.state(record.room)
            if state in (State.LIVE, State.AWAY):
                found.append(replace(describe_stored(record, state), viewers=record.viewers))
        return found

    async def live_of(self, owner: str) -> list[RoomDescription]:
        """Returns the public rooms of a person that are live or away, the latest first. If another
        process owns a room, this process does not know the number of viewers and returns 0 instead.
        """
        found = []
        for record in await self._store.live_of(owner):
            room = self._in_memory.find(record.room)
            if room is None:
                found.append(describe_stored(record, State.LIVE))
            elif room.on_air:
                found.append(room.describe())
        return found

    def inspect(self) -> list[RoomInspection]:
        """Returns every room that has not ended, for the operator. The newest room is first."""
        rooms = [
            RoomInspection(room.describe(), room.record.address)
            for room in self._in_memory
            if not room.ended
        ]
        return sorted(rooms, key=lambda room: -room.room.created_at)

    def owned_by(self, person: str) -> list[str]:
        """Returns the names of the person's rooms that have not ended."""
        return [
            room.name for room in self._in_memory if room.record.owner == person and not room.ended
        ]
