"""The social parts of one room: composes the parts, and passes each command and each notice to the
part that handles it.
"""

from collections.abc import Sequence
from typing import Any

from relay.channel.owner import Notice
from relay.errors import MessageError, Refusal
from server.people.person import Person
from server.rooms.access import Decision, Viewer
from server.rooms.activity import RoomActivity
from server.rooms.chat import RoomChat
from server.rooms.commands.base import SocialCommand
from server.rooms.countdown import RoomCountdown
from server.rooms.decisions import RoomDecisions
from server.rooms.highlights import RoomHighlights
from server.rooms.life import State
from server.rooms.moderation import RoomModeration
from server.rooms.part import CommandHandler, NoticeHandlers, RoomContext, RoomPart
from server.rooms.polls import RoomPolls
from server.rooms.presence import RoomPresence
from server.rooms.reactions import RoomReactions
from server.rooms.replay import RoomReplay
from server.rooms.requester import holds_key, require_key, require_role
from server.rooms.summary import RoomSummary
from server.rooms.timeline import RoomTimeline
from server.social.author import Author, Requester, Role


class RoomSocial:
    """The social parts of one room."""

    def __init__(self, context: RoomContext) -> None:
        self._context = context
        self.moderation = RoomModeration(context)
        self.highlights = RoomHighlights(context)
        self.activity = RoomActivity(context)
        self.chat = RoomChat(context, self.moderation, self._react, self.activity.reply)
        self.decisions = RoomDecisions(context, self.moderation, self.chat)
        self.reactions = RoomReactions(context, self._react)
        self.polls = RoomPolls(context)
        self.presence = RoomPresence(
            context, lambda: self.moderation.describe().joins, self.activity.join
        )
        self.countdown = RoomCountdown(context)
        self.summary = RoomSummary(context)
        self.timeline = RoomTimeline(context)
        self.replay = RoomReplay(context)
        self._parts: tuple[RoomPart, ...] = (
            self.moderation,
            self.chat,
            self.decisions,
            self.reactions,
            self.polls,
            self.presence,
            self.countdown,
            self.summary,
            self.timeline,
            self.highlights,
            self.replay,
            self.activity,
        )
        self._commands: dict[type[SocialCommand[Any]], CommandHandler] = {
            kind: handler
            for part in self._parts
            for kind, handler in part.command_handlers().items()
        }
        self._notices: NoticeHandlers = {
            kind: handler
            for part in self._parts
            for kind, handler in part.notice_handlers().items()
        }

    def _react(self, person: str | None, media_time: int) -> None:
        self.highlights.react(person, media_time)
        self.activity.react(person, media_time)

    # Commands

    async def execute(self, command: SocialCommand[Any]) -> object:
        """Executes a command of a person. Raises a Refusal."""
        try:
            author = await self.author_of(command.by)
            require_role(author, command.needs)
            return await self._commands[type(command)](author, command)
        except Refusal as refusal:
            self._context.counters.refused[refusal.code] += 1
            raise

    def refuse_early(self, by: Requester, id: str, *, new: bool) -> None:
        """Raises a Refusal if a message with this id is certain to be refused. Does not read
        storage. `new`: whether the person is not stored yet.
        """
        if by.key:
            return
        if new:
            self.moderation.standings.note_stranger(by.person.id)
        network = self.moderation.networks.hash(by.address)
        try:
            self.chat.refuse_early(Author(by.person, Role.GUEST, network), id)
        except Refusal as refusal:
            self._context.counters.refused[refusal.code] += 1
            raise

    async def admit_all(self, requests: Sequence[tuple[Requester, str]]) -> list[Decision]:
        """Decides whether each requester may watch. Returns one Admission or Refusal for each
        request, which consists of a requester and a token (`Admit`). Reads storage once for all
        requests. Raises StorageError.
        """
        await self.moderation.refresh()
        return await self.decisions.access.admit_all(
            [Viewer(by.person.id, token, self._moderates(by)) for by, token in requests]
        )

    def _moderates(self, by: Requester) -> bool:
        """Whether the requester is the creator or a moderator, according to the data in memory."""
        if by.key:
            return holds_key(self._context.record, by.key)
        return bool(by.person.id) and self.moderation.rank(by.person.id) is not None

    async def author_of(self, by: Requester) -> Author:
        """Returns the sender of a command, with the sender's role in this room. Raises Forbidden if
        the creator key is wrong.
        """
        network = self.moderation.networks.hash(by.address)
        if by.key:
            require_key(self._context.record, by.key)
            return Author(by.person, Role.CREATOR, network)
        return Author(by.person, await self.moderation.role_of(by.person), network)

    # Viewers

    def meet(self, person: Person, network: str = "") -> None:
        """Remembers the name of a person who is about to watch. `network`: the network of the
        person's address.
        """
        self._context.meet(person)
        self.activity.meet(person.id, network)

    def receive_notice(self, notice: Notice) -> None:
        """Handles a viewer's notice. Raises MessageError if no part knows the type of notice."""
        handler = self._notices.get(notice.body["type"])
        if handler is None:
            raise MessageError(f"unknown notice type {notice.body['type']!r}")
        handler(notice)

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        for part in self._parts:
            part.viewer_joined(viewer, person, media)

    def viewer_left(self, viewer: int) -> None:
        for part in self._parts:
            part.viewer_left(viewer)

    def forget_person(self, person: str) -> None:
        """Removes the data of a deleted person from memory."""
        self._context.forget(person)
        for part in self._parts:
            part.forget_person(person)

    # Life

    def state_changed(self, before: State, after: State) -> None:
        for part in self._parts:
            part.state_changed(before, after)

    async def conclude(self) -> None:
        """Stores the last data of all parts, because the room has ended."""
        for part in self._parts:
            await part.conclude()

    async def close(self) -> None:
        """Ends the timers and tasks of all parts."""
        for part in self._parts:
            await part.close()
