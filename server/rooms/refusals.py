"""The refusals of a room that has ended. Pure."""

from relay.errors import RefusalCode
from server.errors import Conflict, Gone


def gone() -> Gone:
    """For a request that needs an open room."""
    return Gone(RefusalCode.ROOM_ENDED, "this room has ended")


def over() -> Conflict:
    """For a creator who wants to publish."""
    return Conflict(RefusalCode.ROOM_ENDED, "this room has ended: create a new room")
