"""The base class of the social parts of a room, such as chat and polls, and the tools that these
parts use.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.callbacks import ignore
from relay.channel.channel import Channel
from relay.channel.owner import Notice
from server.people.person import Person
from server.recent import Recent
from server.rooms.commands.base import SocialCommand
from server.rooms.life import State
from server.rooms.moderation_changes import ModerationChanges
from server.social.author import Author
from server.social.counters import SocialCounters
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

MAX_PEOPLE = 20_000
"""Maximum number of people whose names a room remembers. The name that was stored or renewed
longest ago is forgotten first.
"""

CommandHandler = Callable[[Author, Any], Awaitable[object]]
"""A function that executes one type of command. The function raises a Refusal to refuse the
command.
"""
CommandHandlers = Mapping[type[SocialCommand[Any]], CommandHandler]
React = Callable[[str | None, int], None]
"""A function to call for each tap and message: the person, and the media time in µs."""
NoticeHandlers = Mapping[str, Callable[[Notice], None]]
"""Handlers of notices, by the type of the notice. A handler raises MessageError if the notice does
not follow PROTOCOL.md; the connection is then closed.
"""


def ignore_reaction(person: str | None, media_time: int) -> None:
    """Does nothing."""


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Timer(Protocol):
    def cancel(self) -> None: ...


def _call_later(seconds: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


@dataclass(frozen=True, slots=True)
class SocialTools:
    """The tools that the parts of all rooms share."""

    storage: Storage
    counters: SocialCounters
    changes: ModerationChanges
    now: Callable[[], float] = time.time
    """The clock, Unix seconds."""
    monotonic: Callable[[], float] = time.monotonic
    """A clock that never goes back, seconds."""
    call_later: Callable[[float, Callable[[], None]], Timer] = _call_later
    """A function that calls another function after a number of seconds."""
    max_length: float | None = None
    """Maximum length of a live, seconds; None for no maximum."""
    messages_per_second: float = 50.0
    """Maximum number of chat messages that a room accepts per second."""


class RoomContext:
    """The tools that one room gives to its parts."""

    def __init__(
        self,
        record: RoomRecord,
        channel: Channel,
        tools: SocialTools,
        end: Callable[[], None] = ignore,
        record_changed: Callable[[], None] = ignore,
        *,
        restored: bool = False,
    ) -> None:
        """`end`: a function that ends the room. `record_changed`: a function to call after a change
        of the title or the visibility in `record`. `restored`: whether the room is older than this
        process.
        """
        self.restored = restored
        """Whether storage may contain other data of the room besides the record."""
        self.record = record
        """The present record of the room. A part that changes the stored record also replaces this
        object.
        """
        self.channel = channel
        self.storage = tools.storage
        self.counters = tools.counters
        self.changes = tools.changes
        self.call_later = tools.call_later
        self.max_length = tools.max_length
        self.end = end
        self.messages_per_second = tools.messages_per_second
        self.record_changed = record_changed
        self._now = tools.now
        self._monotonic = tools.monotonic
        self._people: Recent[str, Person] = Recent(MAX_PEOPLE)

    @property
    def room(self) -> str:
        """The name of the room."""
        return self.record.room

    @property
    def now(self) -> float:
        """The present time, Unix seconds."""
        return self._now()

    @property
    def monotonic(self) -> float:
        """The present time of a clock that never goes back, seconds."""
        return self._monotonic()

    @property
    def edge(self) -> int:
        """The newest media time of the creator's stream, µs."""
        return self.channel.edge

    def post(
        self, event: Mapping[str, Any], *, key: str | None = None, history: bool = False
    ) -> None:
        """Sends an event to every viewer, in the next message (`Channel.post`)."""
        self.channel.post(_json.encode(event).encode(), key=key, history=history)

    def meet(self, person: Person) -> None:
        """Remembers the name of a person. Call this method before the person watches or sends a
        command.
        """
        self._people.keep(person.id, person)

    def forget(self, person: str) -> None:
        """Forgets the name of a person."""
        self._people.pop(person, None)

    def person(self, person: str | None) -> Person | None:
        """Returns the person with this id; None if the room does not know the person."""
        return None if person is None else self._people.get(person)


class RoomPart:
    """A social part of a room, such as chat or polls. RoomSocial calls the methods."""

    def __init__(self, context: RoomContext) -> None:
        self._context = context

    def command_handlers(self) -> CommandHandlers:
        """Returns the handlers of the commands that belong to this part."""
        return {}

    def notice_handlers(self) -> NoticeHandlers:
        """Returns the handlers of the notices that belong to this part."""
        return {}

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        """Handles a new connection. `media`: whether the connection carries the media."""

    def viewer_left(self, viewer: int) -> None:
        """Handles the end of a connection."""

    def forget_person(self, person: str) -> None:
        """Removes the data of a deleted person from memory."""

    def state_changed(self, before: State, after: State) -> None:
        """Handles a change of the room's state."""

    async def conclude(self) -> None:
        """Stores the last data of this part, because the room has ended. Called after the change of
        the room's state, and before the end of the room is stored.
        """

    async def close(self) -> None:
        """Ends the timers and tasks of this part. The channel closes only afterwards."""
