"""The polls of one room."""

from server.rooms.part import RoomPart


class RoomPolls(RoomPart):
    """Opens, counts and closes polls."""
