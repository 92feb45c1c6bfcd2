"""Commands of people to a room that this process does not hold in memory, because the room has
ended or another process owns the room: whatever can be answered from storage alone.
"""

from typing import Any

from relay.errors import RefusalCode
from server.errors import Gone
from server.rooms.commands.base import SocialCommand
from server.rooms.commands.chat import MessagePage, ReadMessages
from server.rooms.commands.summary import ReadSummary
from server.rooms.part import CommandHandlers
from server.rooms.requester import require_key, require_role
from server.rooms.stored_message import to_messages
from server.rooms.summary import read_summary
from server.social.author import Author, Requester, Role
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage


class PastRoom:
    """A room as far as storage knows the room."""

    def __init__(self, record: RoomRecord, storage: Storage) -> None:
        self._record = record
        self._storage = storage

    async def execute(self, command: SocialCommand[Any]) -> object:
        """Executes a command. Raises Gone if storage alone cannot answer the command."""
        author = self._author(command.by)
        require_role(author, command.needs)
        handler = self._handlers().get(type(command))
        if handler is None:
            raise Gone(RefusalCode.ROOM_ENDED, "this room has ended")
        return await handler(author, command)

    def _handlers(self) -> CommandHandlers:
        return {ReadSummary: self._read_summary, ReadMessages: self._read_messages}

    async def _read_summary(self, author: Author, command: ReadSummary) -> object:
        return await read_summary(self._record, self._storage, author)

    async def _read_messages(self, _: Author, command: ReadMessages) -> MessagePage:
        store, room = self._storage.messages, self._record.room
        last = await store.last_number(room)
        if command.after is not None:
            found = await store.after(room, command.after, command.limit)
        else:
            before = last + 1 if command.before is None else command.before
            found = await store.before(room, before, command.limit)
        return MessagePage(tuple(to_messages(found)), last)

    def _author(self, by: Requester) -> Author:
        role = Role.GUEST
        if by.key:
            require_key(self._record, by.key)
            role = Role.CREATOR
        return Author(by.person, role, "")
