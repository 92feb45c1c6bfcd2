"""The hearts and other reactions of one room."""

from server.rooms.part import RoomPart


class RoomReactions(RoomPart):
    """Adds up the taps of viewers."""
