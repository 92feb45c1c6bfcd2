"""The timeline of one live: the messages and reactions by media time."""

from relay.errors import RefusalCode
from server.errors import BadRequest
from server.rooms.commands.timeline import ReadTimeline
from server.rooms.creator_lists import creator_of
from server.rooms.part import CommandHandlers, RoomPart
from server.social.author import Author
from server.social.timeline import MAX_MESSAGES, MAX_SPAN, Timeline, seconds_in, timeline
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage


class RoomTimeline(RoomPart):
    """Reads the timeline of a live that has not ended. Taps are stored some seconds after they
    arrive.
    """

    def command_handlers(self) -> CommandHandlers:
        return {ReadTimeline: self.read}

    async def read(self, _: Author, command: ReadTimeline) -> Timeline:
        context = self._context
        return await read_timeline(context.record, context.storage, command, context.now)


async def read_timeline(
    record: RoomRecord, storage: Storage, command: ReadTimeline, now: float
) -> Timeline:
    """Returns the timeline of a live that may have ended. Raises BadRequest, StorageError."""
    start, end = command.start, command.end
    if not 0 < end - start <= MAX_SPAN:
        raise BadRequest(
            RefusalCode.BAD_REQUEST,
            f"`to` is after `from`, and at most {MAX_SPAN // 1_000_000} s after it, in µs",
        )
    stored = await storage.timelines.read(
        record.room,
        creator_of(record),
        start,
        end,
        seconds_in(start, end),
        MAX_MESSAGES + 1,
        now,
    )
    return timeline(end, stored)
