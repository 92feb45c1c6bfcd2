"""Executes commands of people to a room that is not in the memory of this process: the room has
ended, or another process owns it. Executes only the commands for which storage is sufficient.
"""

import time
from collections.abc import Callable
from typing import Any

from relay.callbacks import ignore
from server.rooms.access import RoomAccess
from server.rooms.commands.access import Admit
from server.rooms.commands.base import SocialCommand
from server.rooms.commands.chat import MessagePage, ReadMessages
from server.rooms.commands.highlights import BestMoments, ReadHighlights
from server.rooms.commands.summary import ReadSummary
from server.rooms.commands.timeline import ReadTimeline
from server.rooms.creator_lists import CreatorLists, creator_of
from server.rooms.owner import read_owner
from server.rooms.part import CommandHandlers
from server.rooms.past_highlights import read_highlights
from server.rooms.refusals import gone
from server.rooms.replay import replay_handlers
from server.rooms.reports import RoomReports
from server.rooms.requester import require_key, require_role
from server.rooms.stored_message import to_messages
from server.rooms.summary import read_summary
from server.rooms.timeline import read_timeline
from server.social.author import Author, Role
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage


class PastRoom:
    """A room whose data is only in storage."""

    def __init__(
        self,
        record: RoomRecord,
        storage: Storage,
        announce: Callable[[str], None] = ignore,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`announce`: called with the id of the creator after a change to the creator's lists of
        moderators, bans, mutes and words, or to the access to the room.
        """
        self._record = record
        self._storage = storage
        self._announce = announce
        self._now = now
        self._banned: set[str] = set()

    async def execute(self, command: SocialCommand[Any]) -> object:
        """Executes a command. Raises Gone if storage alone cannot answer the command."""
        author = await self._author(command)
        require_role(author, command.needs)
        handler = self._handlers().get(type(command))
        if handler is None:
            raise gone()
        return await handler(author, command)

    def _handlers(self) -> CommandHandlers:
        announce = self._announce_change
        lists = CreatorLists(self._get_record, self._storage, self._now, announce)
        access = RoomAccess(
            self._get_record, self._storage, self._now, announce, self._banned.__contains__
        )
        reports = RoomReports(self._get_record, self._storage, self._now)
        return {
            ReadSummary: self._read_summary,
            ReadHighlights: self._read_highlights,
            ReadMessages: self._read_messages,
            ReadTimeline: self._read_timeline,
            **replay_handlers(),
            **lists.command_handlers(),
            **access.command_handlers(),
            **reports.command_handlers(),
        }

    def _get_record(self) -> RoomRecord:
        return self._record

    def _announce_change(self) -> None:
        self._announce(creator_of(self._record))

    async def _read_summary(self, author: Author, command: ReadSummary) -> object:
        return await read_summary(self._record, self._storage, author)

    async def _read_timeline(self, author: Author, command: ReadTimeline) -> object:
        return await read_timeline(self._record, self._storage, command, self._now())

    async def _read_highlights(self, author: Author, command: ReadHighlights) -> BestMoments:
        return await read_highlights(self._record, self._storage)

    async def _read_messages(self, author: Author, command: ReadMessages) -> MessagePage:
        store, room = self._storage.messages, self._record.room
        last = await store.last_number(room)
        if command.after is not None:
            found = await store.after(room, command.after, command.limit)
        else:
            before = last + 1 if command.before is None else command.before
            found = await store.before(room, before, command.limit)
        creator = await read_owner(self._record, self._storage)
        return MessagePage(tuple(to_messages(found)), last, author.role, creator)

    async def _author(self, command: SocialCommand[Any]) -> Author:
        """Returns the sender of a command. Reads storage only if the command needs the role."""
        by, person = command.by, command.by.person.id
        if by.key:
            require_key(self._record, by.key)
            return Author(by.person, Role.CREATOR, "")
        if not person:
            return Author(by.person, Role.GUEST, "")
        if person == self._record.owner:
            return Author(by.person, Role.CREATOR, "")
        creator, storage = creator_of(self._record), self._storage
        if isinstance(command, Admit) or command.needs is Role.MODERATOR:
            # Look for a ban first: otherwise, a banned moderator could end the ban with a command.
            if await storage.bans.holds(creator, self._record.room, person, self._now()):
                self._banned.add(person)
            elif await storage.moderators.includes(creator, person):
                return Author(by.person, Role.MODERATOR, "")
        return Author(by.person, Role.GUEST, "")
