"""The lists of a creator that apply to every live (words, moderators and permanent bans), and the
log of a room. The lists and the log need only storage. Moderators can therefore read and change the
lists even after the end of a live.
"""

import secrets
from collections.abc import Callable

from relay.errors import RefusalCode
from server.errors import Conflict, Unprocessable
from server.people.person import Person
from server.rooms.commands.moderation import (
    Ban,
    LogEntry,
    ReadBans,
    ReadLog,
    ReadModerators,
    ReadWords,
    SetModerator,
    SetWords,
    UnbanPerson,
)
from server.rooms.part import CommandHandlers
from server.social.author import Author
from server.social.word_list import BadWords, WordList
from server.storage.moderation_log import LogRecord
from server.storage.moderators import MAX_MODERATORS, TooManyModerators
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from server.storage.who import Who

LOG_PAGE = 100
"""Maximum number of lines of the log in one answer."""


def creator_of(record: RoomRecord) -> str:
    """Returns the id under which the decisions for a room are stored: the owner, or the room itself
    if a program created the room.
    """
    return record.owner or f"room:{record.room}"


def log_record(
    record: RoomRecord,
    now: float,
    author: Author,
    action: str,
    target: str = "",
    person: str | None = None,
    detail: str = "",
) -> LogRecord:
    """Returns a line of the log."""
    return LogRecord(record.room, now, author.person.id or None, action, target, person, detail)


def to_person(who: Who) -> Person:
    return Person(who.id, who.name, who.colour, who.handle)


def to_person_or_none(who: Who | None) -> Person | None:
    return None if who is None else to_person(who)


def random_id() -> str:
    """Returns a new id of a ban, a report or a watch link: 128 random bits."""
    return secrets.token_urlsafe(16)


class CreatorLists:
    """Executes commands that need only storage."""

    def __init__(
        self,
        record: Callable[[], RoomRecord],
        storage: Storage,
        now: Callable[[], float],
        announce: Callable[[], None],
    ) -> None:
        """`announce`: called after each change."""
        self._record = record
        self._storage = storage
        self._now = now
        self._announce = announce

    def command_handlers(self) -> CommandHandlers:
        return {
            ReadBans: self.read_bans,
            UnbanPerson: self.unban,
            SetModerator: self.set_moderator,
            ReadModerators: self.read_moderators,
            ReadWords: self.read_words,
            SetWords: self.set_words,
            ReadLog: self.read_log,
        }

    async def read_bans(self, _: Author, __: ReadBans) -> tuple[Ban, ...]:
        records = await self._storage.bans.in_force(self._creator, self._record().room, self._now())
        return tuple(
            Ban(
                to_person(record.person),
                record.for_good,
                record.at,
                to_person_or_none(record.by),
            )
            for record in records
        )

    async def unban(self, author: Author, command: UnbanPerson) -> None:
        log = self._log(author, "unban", command.person, command.person)
        await self._storage.bans.remove(self._creator, log, command.person)
        self._announce()

    async def read_moderators(self, _: Author, __: ReadModerators) -> tuple[Person, ...]:
        return tuple(map(to_person, await self._storage.moderators.of_creator(self._creator)))

    async def set_moderator(self, author: Author, command: SetModerator) -> None:
        person = command.person
        if command.moderates:
            log = self._log(author, "add_moderator", person, person)
            try:
                await self._storage.moderators.add(self._creator, log, person)
            except TooManyModerators as error:
                raise Conflict(
                    RefusalCode.TOO_MANY_MODERATORS, f"there are {MAX_MODERATORS} moderators"
                ) from error
        else:
            log = self._log(author, "remove_moderator", person, person)
            await self._storage.moderators.remove(self._creator, log, person)
        self._announce()

    async def read_words(self, _: Author, __: ReadWords) -> tuple[str, ...]:
        return await self._storage.words.of_creator(self._creator)

    async def set_words(self, author: Author, command: SetWords) -> tuple[str, ...]:
        try:
            words = WordList(command.words).words
        except BadWords as error:
            raise Unprocessable(RefusalCode.BAD_WORDS, str(error)) from error
        log = self._log(author, "words", detail=f"{len(words)} words")
        await self._storage.words.replace(self._creator, log, words)
        self._announce()
        return await self._storage.words.of_creator(self._creator)

    async def read_log(self, _: Author, command: ReadLog) -> tuple[LogEntry, ...]:
        lines = await self._storage.moderation_log.of_room(
            self._record().room, command.before, LOG_PAGE
        )
        return tuple(
            LogEntry(
                line.n,
                line.at,
                to_person_or_none(line.moderator),
                line.action,
                line.target,
                to_person_or_none(line.person),
                line.detail,
            )
            for line in lines
        )

    async def person(self, person: str) -> Person:
        """Returns the person with this id. The name is empty if the person never wrote."""
        found = await self._storage.people.find(person)
        if found is None:
            return Person(person, "", 0)
        return Person(found.id, found.name, found.colour, found.handle)

    @property
    def _creator(self) -> str:
        return creator_of(self._record())

    def _log(
        self,
        author: Author,
        action: str,
        target: str = "",
        person: str | None = None,
        detail: str = "",
    ) -> LogRecord:
        return log_record(self._record(), self._now(), author, action, target, person, detail)
