"""The messages of one room: numbers them, stores them, and shows each one after it is stored.

Other tasks may run at each await. Therefore there is no await between the numbering and the
announcement of a message.
"""

import logging

from server.people.person import ANONYMOUS
from server.rooms.part import RoomContext
from server.rooms.stored_message import reply_to, to_message, to_messages, to_record
from server.social.author import Role
from server.social.mentions import KnownNames
from server.social.message import Kind, Message, State, describe_message, message_event
from server.social.message_log import KEPT, MessageLog, Outgoing, removed, restored
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

REMOVED_AT_ONCE = 1_000
"""Maximum number of messages that one event or one statement removes."""
RESTORED_AT_ONCE = 4
"""Maximum number of messages that one event restores. A message has up to 3.5 KB as JSON, an event
up to 16 KB.
"""


class Conversation:
    """The messages of one room. Call `open` first."""

    def __init__(self, context: RoomContext) -> None:
        self.log = MessageLog()
        self.names = KnownNames()
        self._context = context
        self._store = context.storage.messages
        self._outgoing = Outgoing()
        self._last = 0
        self.pinned: int | None = None
        """Number of the pinned message."""

    async def open(self) -> None:
        """Reads the last messages of the room. Raises StorageError."""
        records = await self._store.latest(self._context.room, KEPT)
        pinned = await self._store.pinned(self._context.room)
        self.log = MessageLog(to_messages(records), complete=len(records) < KEPT)
        self._last = records[-1].sequence if records else 0
        for record in records:
            self.names.add(to_message(record).person)
        if pinned:
            self.show_pin(to_message(pinned))

    @property
    def last(self) -> int:
        """The highest number of a message."""
        return self._last

    # New messages

    def number(self) -> int:
        """Returns the number of the next message. Call `store` with this number afterwards."""
        self._last += 1
        self._outgoing.open(self._last)
        return self._last

    async def store(self, message: Message) -> tuple[Message, bool]:
        """Stores a message, then shows it to the viewers. Returns the stored message, and whether
        it is new. Raises StorageError; then no viewer sees the message.
        """
        shown: Message | None = None
        try:
            before = await self._store.add(to_record(self._context.room, message))
            if before is None:
                shown = message
        finally:
            self._settle(message.n, shown)
        if before is None:
            self._context.counters.messages += 1
            return message, True
        return self._recover(to_message(before)), False

    async def store_line(self, line: Message) -> None:
        """Shows a line of the room, even if the line cannot be stored."""
        try:
            await self._store.add(to_record(self._context.room, line))
        except StorageError as error:
            logger.warning("room %s: a line was not stored: %s", self._context.room, error)
        finally:
            self._settle(line.n, line)

    def _settle(self, n: int, message: Message | None) -> None:
        for ready in self._outgoing.settle(n, message):
            self.log.add(ready)
            self.names.add(ready.person)
            if ready.state is State.SHOWN:
                self._context.post(message_event(ready))

    def _recover(self, message: Message) -> Message:
        """Shows a message that was in the database already, unless viewers have already seen the
        message. The author's page sends a message again if the database stored the message but did
        not answer in time.
        """
        if self._outgoing.recover(message):
            return message
        if self.log.get(message.n) is None and message.n >= self.log.first:
            self.log.insert(message)
            if message.state is State.SHOWN:
                self._context.post(message_event(message))
        return message

    def line(self, key: str, values: dict[str, str | int]) -> Message:
        """Returns a new line, with the next number. Call `store_line` with the line afterwards."""
        return Message(
            n=self.number(),
            id="",
            person=ANONYMOUS,
            role=Role.CREATOR,
            text=key,
            at=self._context.now,
            media_time=self._context.edge,
            kind=Kind.SYSTEM,
            values=values,
        )

    # Stored messages

    async def find(self, n: int) -> Message | None:
        """Returns the message with this number, in any state."""
        if message := self.log.get(n):
            return message
        if not 0 < n < self.log.first:
            return None
        record = await self._store.find(self._context.room, n)
        return to_message(record) if record else None

    async def before(self, n: int, limit: int) -> list[Message]:
        """Returns the last `limit` shown messages with numbers below `n`, in order."""
        found = self.log.before(n, limit)
        if found is None:
            found = to_messages(await self._store.before(self._context.room, n, limit))
        return found

    async def after(self, n: int, limit: int) -> list[Message]:
        """Returns the first `limit` shown messages with numbers above `n`, in order."""
        found = self.log.after(n, limit)
        if found is None:
            found = to_messages(await self._store.after(self._context.room, n, limit))
        return found

    async def held(self, limit: int) -> list[Message]:
        """Returns the first `limit` held messages, in order."""
        return to_messages(await self._store.held(self._context.room, limit))

    async def of_person(self, person: str) -> list[int]:
        """Returns the numbers of the person's messages that are shown or held."""
        return await self._store.numbers_of(self._context.room, person)

    # Changes of messages

    async def remove(self, numbers: list[int], by: str, person: str | None = None) -> None:
        """Hides messages from everyone. `person`: the author if all messages of one author are
        removed. A page then also hides messages of this author that reach the page later.
        """
        if not numbers:
            return
        now = self._context.now
        for start in range(0, len(numbers), REMOVED_AT_ONCE):
            some = numbers[start : start + REMOVED_AT_ONCE]
            await self._store.remove(self._context.room, some, by, now)
            self.log.change(some, lambda message: removed(message, by, now))
            self.log.hide_quotes(some)
            event = {"type": "removed", "messages": some}
            self._context.post({**event, "person": person} if person else event)
        if self.pinned in numbers:
            await self.pin(None)

    async def restore(self, numbers: list[int]) -> None:
        """Shows removed or held messages to everyone."""
        if not numbers:
            return
        for start in range(0, len(numbers), REMOVED_AT_ONCE):
            await self._store.show(self._context.room, numbers[start : start + REMOVED_AT_ONCE])
        self.log.change(numbers, restored)
        # Announce only the newest messages: a page shows about as many messages as the log keeps.
        last = sorted(numbers)[-KEPT:]
        found = [message for n in last if (message := await self.find(n))]
        for message in found:
            self.log.show_quote(reply_to(message))
        for start in range(0, len(found), RESTORED_AT_ONCE):
            messages = found[start : start + RESTORED_AT_ONCE]
            described = [describe_message(message) for message in messages]
            self._context.post({"type": "restored", "messages": described})

    async def pin(self, message: Message | None) -> None:
        """Pins `message` in place of the pinned message. If `message` is None, only unpins the
        pinned message.
        """
        await self._store.pin(self._context.room, message.n if message else None, self._context.now)
        self.show_pin(message)

    def show_pin(self, message: Message | None) -> None:
        self.pinned = message.n if message else None
        described = describe_message(message) if message else None
        self._context.post({"type": "pin", "message": described}, key="pin")

    def forget_person(self, person: str) -> None:
        """Removes a deleted person's data from memory. Pages show the messages without text."""
        numbers = self.log.forget_person(person)
        self.names.forget(person)
        if self.pinned in numbers and (message := self.log.get(self.pinned)):
            self.show_pin(message)
