"""The summary of one live."""

from relay.errors import RefusalCode
from server.errors import Conflict
from server.rooms.commands.summary import ReadSummary
from server.rooms.part import CommandHandlers, RoomPart
from server.social.author import Author, Role
from server.social.reactions import WINDOW
from server.social.summary import Live, PublicSummary, Summary, public_summary, step_of, summary
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage


class RoomSummary(RoomPart):
    """Refuses the command for the summary, because the live has not ended."""

    def command_handlers(self) -> CommandHandlers:
        return {ReadSummary: self.read}

    async def read(self, author: Author, command: ReadSummary) -> Summary:
        raise _not_ended()


async def read_summary(
    record: RoomRecord, storage: Storage, author: Author
) -> Summary | PublicSummary:
    """Returns the part of the summary that this person may read. Raises Conflict if the live has
    not ended.
    """
    if record.ended_at is None:
        raise _not_ended()
    live = Live(
        record.room,
        record.title,
        record.created_at,
        record.live_at,
        record.ended_at,
        record.peak,
        record.people,
    )
    hearts = await storage.summaries.hearts(record.room, live.first_second, step_of(live.duration))
    if not author.role.includes(Role.CREATOR):
        return public_summary(live, hearts)
    stored = await storage.summaries.read(
        record.room, record.owner, WINDOW, record.created_at, record.ended_at
    )
    return summary(live, hearts, stored)


def _not_ended() -> Conflict:
    return Conflict(RefusalCode.ROOM_NOT_ENDED, "this live has not ended yet")
