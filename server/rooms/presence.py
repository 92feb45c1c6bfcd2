"""Who watches one room."""

from server.rooms.part import RoomPart


class RoomPresence(RoomPart):
    """Counts the viewers of the live."""
