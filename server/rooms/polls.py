"""The polls of one room."""

import asyncio
import logging
import secrets

from relay.errors import RefusalCode
from server.errors import Conflict, NotFound
from server.rooms.commands.polls import (
    ClosePoll,
    OpenPoll,
    PollDescription,
    PollView,
    ReadPoll,
    Vote,
)
from server.rooms.part import CommandHandlers, RoomContext, RoomPart, Timer
from server.social.author import Author
from server.social.poll import (
    MAX_POLLS,
    POLL_EVERY,
    RESULT_SHOWN,
    Poll,
    PollEvent,
    PollQuestion,
    read_question,
)
from server.social.spacing import Spacing
from server.storage.errors import StorageError
from server.storage.polls import PollRecord

logger = logging.getLogger(__name__)


class RoomPolls(RoomPart):
    """Opens and closes polls, and counts votes. A change is stored first, and then applied and
    shown.
    """

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        self._poll: Poll | None = None
        """The open poll, or the closed poll whose result is shown."""
        self._polls: int | None = None
        """Number of polls that the room has had; None until the number is read from storage."""
        self._changing = asyncio.Lock()
        """Locked while a poll is restored, opened or closed."""
        self._spacing = Spacing(POLL_EVERY)
        self._event_timer: Timer | None = None
        self._result_timer: Timer | None = None
        self._restoring: asyncio.Task[None] | None = None

    def command_handlers(self) -> CommandHandlers:
        return {
            OpenPoll: self.open,
            ReadPoll: self.read,
            Vote: self.vote,
            ClosePoll: self.close_poll,
        }

    # Commands

    async def open(self, author: Author, command: OpenPoll) -> PollView:
        asked = read_question(command.question, command.answers)
        await self._restore()
        async with self._changing:
            if self._poll and not self._poll.closed:
                raise Conflict(RefusalCode.POLL_OPEN, "another poll is open: close that poll first")
            if (self._polls or 0) >= MAX_POLLS:
                raise Conflict(
                    RefusalCode.TOO_MANY_POLLS, f"this room has had {MAX_POLLS} polls already"
                )
            context = self._context
            record = PollRecord(
                context.room,
                secrets.token_hex(4),
                asked.question,
                list(asked.answers),
                context.now,
                media_time=max(context.edge, 0),
            )
            await context.storage.polls.add(record)
            self._polls = (self._polls or 0) + 1
            self._end_result()
            self._poll = Poll(record.id, asked, record.opened_at)
            self._post_now()
            return self._view(author)

    async def read(self, author: Author, command: ReadPoll) -> PollView:
        await self._restore()
        return self._view(author)

    async def vote(self, author: Author, command: Vote) -> PollView:
        await self._restore()
        poll = self._require(command.poll)
        answer = poll.require_vote(author.person.id, command.answer)
        context = self._context
        await context.storage.polls.vote(context.room, poll.id, author.person.id, answer)
        context.counters.votes += 1
        if poll.vote(author.person.id, answer) and poll is self._poll:
            self._post()
        return PollView(_description(poll), poll.vote_of(author.person.id))

    async def close_poll(self, author: Author, command: ClosePoll) -> PollView:
        await self._restore()
        poll = self._require(command.poll)
        async with self._changing:
            if not poll.happen(PollEvent.CLOSE, self._context.now):
                raise Conflict(RefusalCode.POLL_CLOSED, "the poll is closed already")
            await self._store_end(poll)
            self._post_now()
            self._result_timer = self._context.call_later(RESULT_SHOWN, self._end_result)
            return self._view(author)

    # Life

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        if self._polls is None and self._restoring is None:
            self._restoring = asyncio.get_running_loop().create_task(self._restore_for_viewers())
            self._restoring.add_done_callback(self._restored)

    def forget_person(self, person: str) -> None:
        if self._poll and self._poll.forget(person):
            self._post()

    async def conclude(self) -> None:
        """Closes the open poll, because the room has ended."""
        self._stop_timers()
        async with self._changing:
            if self._poll and self._poll.happen(PollEvent.CLOSE, self._context.now):
                try:
                    await self._store_end(self._poll)
                except StorageError as error:
                    logger.warning("room %s: %s", self._context.room, error)

    async def close(self) -> None:
        self._stop_timers()
        if self._restoring:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])

    async def _restore(self) -> None:
        """Reads the stored polls of a room that an earlier process has created. Does nothing after
        the first success.
        """
        async with self._changing:
            if self._polls is not None:
                return
            stored = await self._context.storage.polls.of_room(self._context.room)
            self._polls = len(stored)
            record = next((record for record in stored if record.closed_at is None), None)
            if record is None:
                return
            votes = await self._context.storage.polls.votes(self._context.room, record.id)
            asked = PollQuestion(record.question, tuple(record.answers))
            self._poll = Poll(record.id, asked, record.opened_at, votes)
            self._post_now()

    async def _restore_for_viewers(self) -> None:
        try:
            await self._restore()
        except StorageError as error:
            logger.warning("room %s: no polls yet: %s", self._context.room, error)

    def _restored(self, _: asyncio.Task[None]) -> None:
        self._restoring = None

    async def _store_end(self, poll: Poll) -> None:
        """Stores the end of a poll, which is in the state CLOSING. If the end cannot be stored, the
        poll returns to the state OPEN.
        """
        context = self._context
        stored = False
        try:
            await context.storage.polls.close(context.room, poll.id, context.now)
            stored = True
        finally:
            poll.happen(PollEvent.STORED if stored else PollEvent.FAILED, context.now)

    def _require(self, poll: str) -> Poll:
        if self._poll is None or self._poll.id != poll:
            raise NotFound(RefusalCode.POLL_NOT_FOUND, "this room shows no such poll")
        return self._poll

    def _view(self, author: Author) -> PollView:
        if self._poll is None:
            return PollView(None)
        return PollView(_description(self._poll), self._poll.vote_of(author.person.id))

    # Events

    def _post(self) -> None:
        """Sends the poll to every viewer, now or as soon as an event may be sent."""
        if self._event_timer is None:
            if wait := self._spacing.wait(self._context.now):
                self._event_timer = self._context.call_later(wait, self._post_now)
            else:
                self._post_now()

    def _post_now(self) -> None:
        if self._event_timer:
            self._event_timer.cancel()
            self._event_timer = None
        if self._poll is None:
            return
        self._spacing.sent(self._context.now)
        self._context.post({"type": "poll", "poll": self._poll.describe()}, key="poll")

    def _end_result(self) -> None:
        """Removes the result of a closed poll from the pages of viewers."""
        if self._result_timer:
            self._result_timer.cancel()
            self._result_timer = None
        if self._poll and self._poll.happen(PollEvent.SHOWN, self._context.now):
            self._poll = None
            self._context.post({"type": "poll", "poll": None}, key="poll")
            self._context.channel.forget("poll")

    def _stop_timers(self) -> None:
        for timer in (self._event_timer, self._result_timer):
            if timer:
                timer.cancel()
        self._event_timer = self._result_timer = None


def _description(poll: Poll) -> PollDescription:
    return PollDescription(**poll.describe())
