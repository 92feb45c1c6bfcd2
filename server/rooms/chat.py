"""The chat of one room: accepts messages and reads, removes and pins them."""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from relay.callbacks import ignore
from relay.errors import Refusal, RefusalCode
from server.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Unavailable,
    Unprocessable,
)
from server.people.person import Person
from server.rooms.chat_admission import ChatAdmission
from server.rooms.commands.chat import (
    MessagePage,
    PinMessage,
    Posted,
    PostMessage,
    ReadMessages,
    RemoveMessage,
    RestoreMessage,
    UnpinMessage,
)
from server.rooms.conversation import Conversation
from server.rooms.life import State as RoomState
from server.rooms.owner import read_owner
from server.rooms.part import CommandHandlers, React, RoomContext, RoomPart, ignore_reaction
from server.rooms.refusals import gone
from server.rooms.stored_message import reply_to
from server.social.author import Author, Role
from server.social.message import Kind, Message, Reply, State
from server.social.message_text import read_text
from server.social.undo import can_undo
from server.social.verdict import Judge, Outcome
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

MAX_SECONDS_BACK = 60
"""Maximum seconds by which the media time of a message may be behind the live edge. An earlier
media time is replaced by this limit.
"""
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RoomChat(RoomPart):
    """Executes the commands about messages. The judge decides which messages a person may write."""

    def __init__(
        self,
        context: RoomContext,
        judge: Judge,
        react: React = ignore_reaction,
        replied: Callable[[str], None] = ignore,
    ) -> None:
        """`replied`: a function to call with the person to whom the creator replies."""
        super().__init__(context)
        self._judge = judge
        self._react = react
        self._replied = replied
        self._admission = ChatAdmission(judge, context.messages_per_second, context.now)
        self._conversation: Conversation | None = None
        self._opening: asyncio.Task[Conversation] | None = None
        self._pending: dict[tuple[str, str], asyncio.Task[tuple[Message, bool]]] = {}
        """The messages that are being stored, by person and client id."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = self._closed = False

    def command_handlers(self) -> CommandHandlers:
        return {
            PostMessage: self.post,
            ReadMessages: self.read,
            RemoveMessage: self.remove,
            RestoreMessage: self.restore,
            PinMessage: self.pin,
            UnpinMessage: self.unpin,
        }

    async def open(self) -> Conversation:
        """Returns the messages of the room. After a restart of the server, reads them from storage
        first. Raises StorageError.
        """
        if self._conversation is not None:
            return self._conversation
        if self._opening is None:
            self._opening = self._spawn(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    async def _open(self) -> Conversation:
        conversation = Conversation(self._context)
        if self._context.restored:
            await conversation.open()
        self._conversation = conversation
        return conversation

    def _opened(self, _: asyncio.Task[Conversation]) -> None:
        self._opening = None

    # Commands

    def refuse_early(self, author: Author, id: str) -> None:
        """Raises a Refusal if the message is certain to be refused. Does not read storage, so that
        the messages of a flood cost little. The role of `author` is not yet known.
        """
        if self._conversation is None:
            return
        key = author.person.id, id
        if key in self._pending or self._conversation.log.find(*key) is not None:
            return
        self._admission.refuse_early(author, self._context.now)

    async def post(self, author: Author, command: PostMessage) -> Posted:
        if not _CLIENT_ID.fullmatch(command.id):
            raise Unprocessable(
                RefusalCode.BAD_MESSAGE, "the id is not 1 to 64 letters, digits, - and _"
            )
        text = read_text(command.text)
        conversation = await self.open()
        quoted = await self._quoted(conversation, command.reply_to)
        reply = None if quoted is None else reply_to(quoted)
        person = self._writer(author)
        key = person.id, command.id
        if (known := conversation.log.find(*key)) is not None:
            return Posted(known, new=False)
        storing = self._pending.get(key)
        if storing is None:
            # No await from here on: no other message may be counted between the check of the
            # limits and the numbering of this message.
            self._require_open()
            message = self._accept(
                conversation, replace(author, person=person), command, text, reply
            )
            if message.state is State.SHOWN:
                self._react(message.person.id, message.media_time)
                if message.role is Role.CREATOR and quoted is not None:
                    self._replied(quoted.person.id)
            storing = self._pending[key] = self._spawn(conversation.store(message))
            storing.add_done_callback(lambda _: self._pending.pop(key))
        return Posted(*await asyncio.shield(storing))

    def _accept(
        self,
        conversation: Conversation,
        author: Author,
        command: PostMessage,
        text: str,
        reply: Reply | None,
    ) -> Message:
        """Checks and numbers a message. Returns the message. Raises a Refusal."""
        now = self._context.now
        outcome = self._admission.admit(author, text, now)
        return Message(
            n=conversation.number(),
            id=command.id,
            person=author.person,
            role=author.role,
            text=text,
            at=now,
            media_time=self._seen(command.media_time),
            reply_to=reply,
            state=State.HELD if outcome is Outcome.HELD else State.SHOWN,
            mentions=conversation.names.find(text),
        )

    async def read(self, author: Author, command: ReadMessages) -> MessagePage:
        conversation = await self.open()
        if command.after is not None:
            found = await conversation.after(command.after, command.limit)
        else:
            before = conversation.last + 1 if command.before is None else command.before
            found = await conversation.before(before, command.limit)
        creator = await self._creator()
        return MessagePage(tuple(found), conversation.last, author.role, creator)

    async def remove(self, author: Author, command: RemoveMessage) -> None:
        conversation = await self.open()
        message = await self._find(conversation, command.n)
        own = message.person.id == author.person.id and bool(author.person.id)
        if not own and not author.role.moderates:
            raise Forbidden(
                RefusalCode.MODERATORS_ONLY,
                "only its author, the creator and the moderators may remove a message",
            )
        if message.state is not State.REMOVED:
            await conversation.remove([message.n], author.person.id)
            if not own:
                await self._judge.note_removal(author, message)

    async def restore(self, author: Author, command: RestoreMessage) -> None:
        conversation = await self.open()
        message = await self._find(conversation, command.n)
        if message.state is not State.REMOVED:
            return
        if not can_undo(message.removed_at or 0.0, self._context.now):
            raise Conflict(RefusalCode.UNDO_OVER, "the removal can no longer be undone")
        await conversation.restore([message.n])
        await self._judge.note_restoration(author, message)

    async def pin(self, _: Author, command: PinMessage) -> None:
        conversation = await self.open()
        message = await self._find(conversation, command.n)
        if message.state is not State.SHOWN:
            raise _not_found()
        await conversation.pin(message)

    async def unpin(self, _: Author, __: UnpinMessage) -> None:
        conversation = await self.open()
        if conversation.pinned is not None:
            await conversation.pin(None)

    # For the other parts of the room

    def post_line(self, key: str, **values: str | int) -> None:
        """Shows a line that the room wrote itself. `key`: name of the line in the page's table of
        strings.
        """
        self._spawn(self._post_line(key, values))

    async def remove_person(self, person: str, by: str) -> list[int]:
        """Removes all messages of a person. Returns their numbers. Raises StorageError.

        Ban the person first, so that no new messages arrive. This method waits for messages that
        are being stored, and removes these messages too.
        """
        conversation = await self.open()
        if self._pending:
            await asyncio.wait(list(self._pending.values()))
        numbers = await conversation.of_person(person)
        await conversation.remove(numbers, by, person)
        return numbers

    async def restore_numbers(self, numbers: list[int]) -> None:
        """Shows removed messages again. Raises StorageError."""
        await (await self.open()).restore(numbers)

    async def held(self, limit: int) -> list[Message]:
        """Returns the first `limit` held messages, in order. Raises StorageError."""
        return await (await self.open()).held(limit)

    async def show_held(self, n: int) -> Message:
        """Shows a held message to everyone. Raises NotFound, StorageError."""
        conversation = await self.open()
        message = await self._find_held(conversation, n)
        await conversation.restore([n])
        return message

    async def reject_held(self, n: int, by: str) -> Message:
        """Removes a held message. Raises NotFound, StorageError."""
        conversation = await self.open()
        message = await self._find_held(conversation, n)
        await conversation.remove([n], by)
        return message

    async def find(self, n: int) -> Message | None:
        """Returns the message with this number, in any state. Raises StorageError."""
        return await (await self.open()).find(n)

    def forget_person(self, person: str) -> None:
        """Removes the data of a deleted person from memory."""
        if self._conversation:
            self._conversation.forget_person(person)

    # Life

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        # After a restart of the server, the pinned message is only in storage. Read it for the
        # first viewer.
        if self._context.restored and self._conversation is None and self._opening is None:
            self._spawn(self.open())

    def state_changed(self, before: RoomState, after: RoomState) -> None:
        self._ended = after is RoomState.ENDED
        if (before, after) == (RoomState.IDLE, RoomState.LIVE):
            self.post_line("went_live")

    async def close(self) -> None:
        self._closed = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _require_open(self) -> None:
        """Raises Gone if the room has ended, and Unavailable if the room was closed. Both can
        happen while a command waits.
        """
        if self._ended:
            raise gone()
        if self._closed:
            raise Unavailable(
                RefusalCode.SERVER_CLOSING, "the server is shutting down: try again in a moment"
            )

    async def _post_line(self, key: str, values: dict[str, str | int]) -> None:
        conversation = await self.open()
        await conversation.store_line(conversation.line(key, values))

    def _writer(self, author: Author) -> Person:
        """Returns the person who writes. A request with only the creator key counts as a request of
        the room's owner.
        """
        if author.person.id:
            return author.person
        owner = self._context.record.owner
        return self._context.person(owner) or Person(owner or f"room-{self._context.room}", "", 0)

    async def _creator(self) -> Person | None:
        """Returns the person to whom the room belongs. Reads the person from storage once."""
        context = self._context
        known = context.person(context.record.owner)
        if known is None and (known := await read_owner(context.record, context.storage)):
            context.meet(known)
        return known

    def _seen(self, media_time: int | None) -> int:
        edge = self._context.edge
        if media_time is None:
            return edge
        return min(max(media_time, edge - MAX_SECONDS_BACK * 1_000_000, 0), edge)

    async def _quoted(self, conversation: Conversation, n: int | None) -> Message | None:
        """Returns the message to which a message replies."""
        if n is None:
            return None
        message = await self._find(conversation, n)
        if message.state is not State.SHOWN:
            raise _not_found()
        return message

    async def _find(self, conversation: Conversation, n: int) -> Message:
        message = await conversation.find(n)
        if message is None or message.kind is not Kind.CHAT:
            raise _not_found()
        return message

    async def _find_held(self, conversation: Conversation, n: int) -> Message:
        message = await conversation.find(n)
        if message is None or message.state is not State.HELD:
            raise _not_found()
        return message

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, Refusal | StorageError):
            logger.error("room %s", self._context.room, exc_info=error)


def _not_found() -> NotFound:
    return NotFound(RefusalCode.MESSAGE_NOT_FOUND, "there is no such message in this room")
