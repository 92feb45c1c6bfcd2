"""The decisions of moderators about people, settings and held messages. A decision is stored first,
and then applies to every room of the creator.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from relay.errors import RefusalCode
from server.errors import Conflict, Forbidden, Unprocessable
from server.people.person import Person
from server.recent import Recent
from server.rooms.access import VISIBILITIES, RoomAccess
from server.rooms.chat import RoomChat
from server.rooms.commands.moderation import (
    Ban,
    BanPerson,
    ChangeRoom,
    DecideHeld,
    HeldMessage,
    Mute,
    MutePerson,
    ReadHeld,
    ReadMutes,
    ReadSettings,
    RoomSettingsReply,
    SetModerator,
    SetShield,
    UnbanPerson,
    UnmutePerson,
)
from server.rooms.creator_lists import CreatorLists, random_id, to_person, to_person_or_none
from server.rooms.moderation import RoomModeration
from server.rooms.part import CommandHandlers, RoomContext, RoomPart
from server.rooms.reports import RoomReports
from server.social.author import Author, Role
from server.social.chat_settings import CLIPS, MAX_SLOW, ChatSettings, SettingsDescription
from server.social.moderation import MUTES, Hold
from server.social.room_settings import RoomSettings
from server.social.shield import ShieldEvent
from server.social.undo import can_undo
from server.storage.bans import TooManyBans

CHOICES = ("chat", "slow", "followers_only", "links", "joins", "clips", "auto_highlights")
"""The settings of the chat and of clips that can be changed."""
CREATOR_ONLY = ("title", "visibility", "links", "clips", "auto_highlights")
"""What only the creator changes."""
MAX_HELD = 200
"""Maximum number of held messages in a list."""
MAX_UNDO = 1_000
"""Maximum number of bans for which the room remembers the messages that the ban removed."""


class RoomDecisions(RoomPart):
    """Executes the commands of moderators in a room that this process runs."""

    def __init__(self, context: RoomContext, moderation: RoomModeration, chat: RoomChat) -> None:
        super().__init__(context)
        self._moderation = moderation
        self._chat = chat
        self._lists = CreatorLists(
            lambda: context.record, context.storage, lambda: context.now, self._announce
        )
        self.access = RoomAccess(
            lambda: context.record,
            context.storage,
            lambda: context.now,
            self._announce,
            moderation.is_banned,
        )
        self._reports = RoomReports(lambda: context.record, context.storage, lambda: context.now)
        moderation.on_reading(self.access.forget_links)
        self._settling = asyncio.Lock()
        """Locked while the settings of the room change, so that no change is lost."""
        self._removed: Recent[str, tuple[list[int], float]] = Recent(MAX_UNDO)
        """Numbers of the messages that a ban removed, and the time of the ban, by banned person."""

    def command_handlers(self) -> CommandHandlers:
        return {
            **self._lists.command_handlers(),
            **self.access.command_handlers(),
            **self._reports.command_handlers(),
            ReadSettings: self.read_settings,
            ChangeRoom: self.change_room,
            MutePerson: self.mute,
            UnmutePerson: self.unmute,
            ReadMutes: self.read_mutes,
            BanPerson: self.ban,
            UnbanPerson: self.unban,
            SetModerator: self.set_moderator,
            SetShield: self.set_shield,
            ReadHeld: self.read_held,
            DecideHeld: self.decide_held,
        }

    # Settings

    async def read_settings(self, _: Author, __: ReadSettings) -> SettingsDescription:
        return self._moderation.describe()

    async def change_room(self, author: Author, command: ChangeRoom) -> RoomSettingsReply:
        if author.role is not Role.CREATOR and any(
            getattr(command, name) is not None for name in CREATOR_ONLY
        ):
            raise Forbidden(
                RefusalCode.CREATOR_ONLY, f"only the creator changes {', '.join(CREATOR_ONLY)}"
            )
        if command.visibility is not None and command.visibility not in VISIBILITIES:
            raise _bad(f"the visibility is one of {', '.join(VISIBILITIES)}")
        if command.clips is not None and command.clips not in CLIPS:
            raise _bad(f"clips are one of {', '.join(CLIPS)}")
        if command.slow is not None and not 0 <= command.slow <= MAX_SLOW:
            raise _bad(f"slow mode is 0 (off) or 1 to {MAX_SLOW} s")
        async with self._settling:
            before = self._moderation.state.settings
            after = _changed(before, command)
            room = {
                name: value
                for name in ("title", "visibility")
                if (value := getattr(command, name)) is not None
            }
            details = [f"{name}: {value}" for name, value in room.items()]
            if after != before:
                room["settings"] = self._stored(chat=after).to_json()
                details += _differences(before, after)
            if room:
                await self._context.storage.moderation.change_room(
                    self._moderation.creator,
                    self._moderation.log_record(author, "settings", detail=", ".join(details)),
                    room,
                    after.links if after.links != before.links else None,
                )
                await self._in_force()
        self._say(before, after)
        record = self._context.record
        return RoomSettingsReply(
            record.room, record.title, record.visibility, self._moderation.describe()
        )

    async def set_shield(self, author: Author, command: SetShield) -> SettingsDescription:
        async with self._settling:
            event = ShieldEvent.RAISE if command.up else ShieldEvent.LOWER
            before = self._moderation.state.shield
            after = before.after(event, self._context.now)
            if after is not before:
                action = "raise_shield" if command.up else "lower_shield"
                stored = replace(self._moderation.stored_settings(), shield=after)
                await self._context.storage.moderation.change_room(
                    self._moderation.creator,
                    self._moderation.log_record(author, action),
                    {"settings": stored.to_json()},
                )
                await self._in_force()
                if after.state is not before.state:
                    self._chat.post_line("shield_on" if command.up else "shield_off")
        return self._moderation.describe()

    def _stored(self, *, chat: ChatSettings) -> RoomSettings:
        return replace(self._moderation.stored_settings(), chat=chat)

    def _say(self, before: ChatSettings, after: ChatSettings) -> None:
        """Writes a line into the chat for each change that affects everyone."""
        if after.slow != before.slow:
            if after.slow:
                self._chat.post_line("slow_mode_on", seconds=after.slow)
            else:
                self._chat.post_line("slow_mode_off")
        for name in ("followers_only", "chat"):
            value = getattr(after, name)
            if value != getattr(before, name):
                self._chat.post_line(f"{name}_{'on' if value else 'off'}")

    # People

    async def mute(self, author: Author, command: MutePerson) -> Mute:
        if command.seconds not in MUTES:
            raise _bad("a mute lasts 60 or 600 s")
        self._require_below(author, command.person)
        log = self._moderation.log_record(
            author, "mute", command.person, command.person, f"{command.seconds} s"
        )
        until = log.at + command.seconds
        mutes = self._context.storage.mutes
        await mutes.add(self._moderation.creator, log, command.person, until)
        await self._in_force()
        return Mute(await self._lists.person(command.person), until, log.at, _by(author))

    async def unmute(self, author: Author, command: UnmutePerson) -> None:
        log = self._moderation.log_record(author, "unmute", command.person, command.person)
        await self._context.storage.mutes.remove(self._moderation.creator, log, command.person)
        await self._in_force()

    async def read_mutes(self, _: Author, __: ReadMutes) -> tuple[Mute, ...]:
        records = await self._context.storage.mutes.of_room(self._context.room, self._context.now)
        return tuple(
            Mute(
                to_person(record.person),
                record.until,
                record.at,
                to_person_or_none(record.by),
            )
            for record in records
        )

    async def ban(self, author: Author, command: BanPerson) -> Ban:
        person = command.person
        self._require_below(author, person)
        moderation = self._moderation
        log = moderation.log_record(
            author, "ban", person, person, "for good" if command.for_good else "this live"
        )
        async with self._settling:
            network = moderation.networks.of(person)
            salt = moderation.networks.salt
            stored = replace(moderation.stored_settings(), salt=salt)
            try:
                await self._context.storage.bans.add(
                    moderation.creator,
                    log,
                    person,
                    (random_id(), random_id()),
                    for_good=command.for_good,
                    network=network,
                    network_until=salt.ends_at,
                    settings=stored.to_json() if network else None,
                )
            except TooManyBans as error:
                raise Conflict(
                    RefusalCode.TOO_MANY_BANS, "too many people are banned: remove a ban first"
                ) from error
            await self._in_force()
        # Remove the person's earlier messages too: a raider may have written many messages before
        # the ban.
        numbers = await self._chat.remove_person(person, author.person.id)
        if command.for_good:
            await self._context.storage.clips.delete_of_person(moderation.creator, person, log.at)
        self._removed.keep(person, (numbers, log.at))
        return Ban(await self._lists.person(person), command.for_good, log.at, _by(author))

    async def unban(self, author: Author, command: UnbanPerson) -> None:
        await self._lists.unban(author, command)
        await self._moderation.refresh()
        numbers, at = self._removed.pop(command.person, ([], 0.0))
        if can_undo(at, self._context.now):
            if numbers:
                await self._chat.restore_numbers(numbers)
            clips, creator = self._context.storage.clips, self._moderation.creator
            await clips.restore_of_person(creator, command.person, at)

    async def set_moderator(self, author: Author, command: SetModerator) -> None:
        if command.person == self._context.record.owner:
            raise _cannot_moderate()
        await self._lists.set_moderator(author, command)
        await self._moderation.refresh()

    def _require_below(self, author: Author, person: str) -> None:
        """Raises Conflict if the author may not mute or ban this person."""
        rank = self._moderation.rank(person)
        own = person == author.person.id
        if own or rank is Role.CREATOR or (rank is not None and author.role is not Role.CREATOR):
            raise _cannot_moderate()

    # Held messages

    async def read_held(self, _: Author, __: ReadHeld) -> tuple[HeldMessage, ...]:
        now = self._context.now
        held = []
        for message in await self._chat.held(MAX_HELD):
            # The list of words may have changed since the message was held. If no word of the list
            # matches any more, the reason is `word` without a match.
            hold = self._moderation.state.find_hold(message.text, now) or Hold("word")
            held.append(HeldMessage(message, hold.reason, hold.matched))
        return tuple(held)

    async def decide_held(self, author: Author, command: DecideHeld) -> None:
        if command.show:
            message = await self._chat.show_held(command.n)
        else:
            message = await self._chat.reject_held(command.n, author.person.id)
        await self._context.storage.moderation.record(
            self._moderation.creator,
            self._moderation.log_record(
                author,
                "show" if command.show else "reject",
                str(command.n),
                message.person.id or None,
            ),
        )

    # Changes

    def forget_person(self, person: str) -> None:
        self._removed.pop(person, None)

    def _announce(self) -> None:
        self._context.changes.announce(self._moderation.creator)

    async def _in_force(self) -> None:
        """Announces the change, and returns once the change applies to this room."""
        self._announce()
        await self._moderation.refresh()


def _by(author: Author) -> Person | None:
    """Returns the moderator; None if the request had the creator key only."""
    return author.person if author.person.id else None


def _changed(settings: ChatSettings, command: ChangeRoom) -> ChatSettings:
    values = {name: value for name in CHOICES if (value := getattr(command, name)) is not None}
    return replace(settings, **values)


def _differences(before: ChatSettings, after: ChatSettings) -> Sequence[str]:
    return [
        f"{name}: {getattr(after, name)}".lower()
        for name in CHOICES
        if getattr(before, name) != getattr(after, name)
    ]


def _bad(text: str) -> Unprocessable:
    return Unprocessable(RefusalCode.BAD_MODERATION, text)


def _cannot_moderate() -> Conflict:
    return Conflict(
        RefusalCode.CANNOT_MODERATE,
        "this is not possible for the creator, for another moderator, and for yourself",
    )
