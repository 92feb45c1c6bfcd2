"""The chosen length of one live."""

from server.rooms.part import RoomPart


class RoomCountdown(RoomPart):
    """Ends the live when its length is over."""
