"""The rooms that were never live. Too many idle rooms must not keep other people from creating
rooms.
"""

from itertools import islice

from server.rooms.room import Room

IDLE_CROWDED = 60.0
"""Age at which an idle room may be ended because there are too many rooms, seconds."""
ENDED_PER_ROOM = 8
"""Maximum number of idle rooms that end when one new room is created. The limit spreads the work
over several creations.
"""


class IdleRooms:
    """A queue of rooms. The oldest is first."""

    def __init__(self) -> None:
        self._rooms: dict[Room, None] = {}

    def add(self, room: Room) -> None:
        self._rooms[room] = None

    def remove(self, room: Room) -> None:
        """Removes a room that is no longer idle. Does nothing if the room was not idle."""
        self._rooms.pop(room, None)

    def end_oldest(self, now: float) -> None:
        """Ends the oldest rooms, except rooms younger than IDLE_CROWDED and rooms whose publisher
        is connecting. `now`: Unix seconds.
        """
        for room in list(islice(self._rooms, ENDED_PER_ROOM)):
            if room.sessions:
                self._rooms[room] = self._rooms.pop(room)  # its publisher is connecting
            elif room.record.created_at < now - IDLE_CROWDED:
                room.finish()
            else:
                return
