"""The chat of one room."""

from server.rooms.part import RoomContext, RoomPart
from server.social.verdict import Judge


class RoomChat(RoomPart):
    """Accepts, keeps and posts messages."""

    def __init__(self, context: RoomContext, judge: Judge) -> None:
        super().__init__(context)
        self._judge = judge
