"""The moderation of one room in memory: the roles of people, and the decision about each message.

Storage has the decisions of moderators. This part reads the decisions again whenever
ModerationChanges reports a change, whether this process or another process made the change.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from relay.callbacks import ignore
from relay.errors import RefusalCode
from server.errors import Forbidden
from server.people.person import Person
from server.rooms.creator_lists import creator_of, log_record
from server.rooms.networks import Networks
from server.rooms.part import RoomContext, RoomPart, Timer
from server.rooms.standings import Standings
from server.social.author import Author, Role
from server.social.chat_settings import ChatSettings, SettingsDescription, describe
from server.social.message import Message
from server.social.moderation import BANNED_TEXT, FOR_EVER, STRANGER, Moderation
from server.social.room_settings import RoomSettings, read_room_settings
from server.social.shield import Shield, ShieldEvent, ShieldState
from server.social.verdict import Verdict
from server.social.word_list import BadWords, WordList
from server.storage.errors import StorageError
from server.storage.moderation import ModerationRecord
from server.storage.moderation_log import LogRecord

logger = logging.getLogger(__name__)

RETRY_AFTER = 1.0
"""Seconds after which the room reads its decisions again if storage did not answer."""


class RoomModeration(RoomPart):
    """The rules and decisions that apply in one room. Implements Judge."""

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        stored = read_room_settings(context.record.settings)
        self.creator = creator_of(context.record)
        self.state = Moderation(stored.chat, stored.shield)
        self.admissions = 0
        """Increases whenever some viewers may have lost the right to watch."""
        self.networks = Networks(lambda: context.now)
        self.networks.made_salt = stored.salt
        self.standings = Standings(context)
        self._moderators: frozenset[str] = frozenset()
        self._stale = True
        self._was_read = False
        self._retry_at = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._storing: set[asyncio.Task[None]] = set()
        self._lowering: Timer | None = None
        self._posted = describe(ChatSettings(), Shield(), 0.0)
        """The settings that viewers know: the defaults until the first event."""
        self._read_again: Callable[[], None] = ignore
        context.changes.subscribe(self.creator, self._changed)
        self._show()

    def on_reading(self, call: Callable[[], None]) -> None:
        """Sets the function to call whenever the decisions in storage have changed."""
        self._read_again = call

    # Roles

    async def role_of(self, person: Person) -> Role:
        """Returns the role of a person in this room."""
        await self.refresh()
        if not person.id:
            return Role.GUEST
        return self.rank(person.id) or (await self.standings.read(person.id)).role

    def rank(self, person: str) -> Role | None:
        """Returns the role of the creator or a moderator; None for other people, and for a banned
        moderator.
        """
        if person == self._context.record.owner:
            return Role.CREATOR
        moderates = person in self._moderators and not self.is_banned(person)
        return Role.MODERATOR if moderates else None

    # Messages (implements Judge)

    def judge(self, author: Author, text: str, now: float) -> Verdict:
        person = author.person.id
        if author.network_hash and person:
            self.networks.keep(person, author.network_hash)
        verdict = self.state.judge(author, self.standings.last(person) or STRANGER, text, now)
        if verdict.code is RefusalCode.FOLLOWERS_ONLY:
            # Read the standing again for the next message: the author may be a follower by then.
            self.standings.forget(person)
        return verdict

    def likely_role(self, author: Author) -> Role:
        if not self._was_read:
            return Role.MODERATOR
        standing = self.standings.last(author.person.id)
        return self.rank(author.person.id) or (standing.role if standing else Role.KNOWN)

    def refuse_early(self, author: Author, now: float) -> Verdict | None:
        if not self._was_read:
            return None
        role, standing = self.rank(author.person.id), self.standings.certain(author.person.id)
        if role is None and standing is None:
            # Without a standing, assume KNOWN: a refusal must be certain, and fewer bans apply to
            # people who are known to the creator.
            author = replace(author, role=Role.KNOWN)
            return self.state.find_ban(author, now) or self.state.find_mute(author, now)
        standing = standing or STRANGER
        author = replace(author, role=role or standing.role)
        refusal = self.state.find_refusal(author, standing, now)
        if refusal is not None and refusal.code is RefusalCode.FOLLOWERS_ONLY:
            return None  # the author may have followed the creator a moment ago
        return refusal

    async def note_removal(self, moderator: Author, message: Message) -> None:
        await self._note(moderator, message, "remove")

    async def note_restoration(self, moderator: Author, message: Message) -> None:
        await self._note(moderator, message, "restore")

    async def _note(self, moderator: Author, message: Message, action: str) -> None:
        await self._context.storage.moderation.record(
            self.creator,
            self.log_record(moderator, action, str(message.n), message.person.id or None),
        )

    def log_record(
        self,
        moderator: Author,
        action: str,
        target: str = "",
        person: str | None = None,
        detail: str = "",
    ) -> LogRecord:
        """Returns a line of the log for an action that happens now."""
        context = self._context
        return log_record(context.record, context.now, moderator, action, target, person, detail)

    # What holds

    def describe(self) -> SettingsDescription:
        """Returns the settings that are in force in the chat."""
        return describe(self.state.settings, self.state.shield, self._context.now)

    def stored_settings(self) -> RoomSettings:
        """Returns the settings to store. The salt is stored only while a network is banned."""
        salt = self.networks.made_salt if self.state.networks else None
        return RoomSettings(self.state.settings, self.state.shield, salt)

    def is_banned(self, person: str) -> bool:
        now = self._context.now
        return bool(person) and any(
            bans.get(person, 0.0) > now for bans in (self.state.bans, self.state.operator_bans)
        )

    @property
    def bans_people(self) -> bool:
        """Whether any person is banned."""
        return bool(self.state.bans or self.state.operator_bans)

    def require_not_banned(self, person: str) -> None:
        """Raises Forbidden if the person is banned."""
        if self.is_banned(person):
            raise Forbidden(RefusalCode.BANNED, BANNED_TEXT)

    async def refresh(self) -> None:
        """Reads the decisions if they have changed. While storage does not answer, the decisions
        that were read last remain in force.
        """
        if self._stale:
            self._read()
        if self._reading:
            await asyncio.shield(self._reading)

    def _changed(self) -> None:
        self._stale = True
        self._retry_at = 0.0
        self.standings.clear()
        self._read_again()
        self._read()

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        if self._reading is None and loop.time() >= self._retry_at:
            self._reading = loop.create_task(self._read_until_fresh())

    async def _read_until_fresh(self) -> None:
        try:
            while self._stale:
                self._stale = False
                record = await self._context.storage.moderation.load(
                    self.creator, self._context.room, self._context.now
                )
                if record is not None:
                    self._apply(record)
        except StorageError as error:
            self._stale = True
            self._retry_at = asyncio.get_running_loop().time() + RETRY_AFTER
            logger.debug("room %s: %s", self._context.room, error)
        finally:
            self._reading = None

    def _apply(self, record: ModerationRecord) -> None:
        self._was_read = True
        context, state = self._context, self.state
        before = {*state.bans, *state.operator_bans}
        stored = read_room_settings(record.settings)
        state.settings, state.shield = stored.chat, stored.shield
        if stored.salt is not None:
            self.networks.made_salt = stored.salt
        if record.words != state.words.words:
            try:
                state.words = WordList(record.words)
            except BadWords:  # an older release stored words that this release refuses
                logger.exception("room %s: the words are ignored", context.room)
        self._moderators = record.moderators
        state.mutes = dict(record.mutes)
        state.bans = _ends(record.bans.people)
        state.networks = _ends(record.bans.networks)
        state.operator_bans = _ends(record.bans.operator)
        seen = context.record.title, context.record.visibility
        new_bans = {*state.bans, *state.operator_bans} - before
        if new_bans or "private" in (seen[1], record.visibility):
            self.admissions += 1
        context.record = replace(
            context.record,
            title=record.title,
            visibility=record.visibility,
            settings=record.settings,
        )
        if seen != (record.title, record.visibility):
            context.record_changed()
        for person in new_bans:
            context.channel.close_person(person, RefusalCode.BANNED, BANNED_TEXT)
        self._show()
        if context.record.owner in state.operator_bans:
            logger.info("room %s: the operator has banned its owner", context.room)
            context.end()

    # The shield, and the event of the settings

    def _show(self) -> None:
        """Posts the settings in force if they have changed, and starts the timer of the shield."""
        described = self.describe()
        if described != self._posted:
            self._posted = described
            self._context.post(described.event(), key="chat_settings")
        if self._lowering:
            self._lowering.cancel()
            self._lowering = None
        if self.state.shield.state is ShieldState.UP:
            wait = max(0.0, self.state.shield.until - self._context.now)
            self._lowering = self._context.call_later(wait, self._lower)

    def _lower(self) -> None:
        """Lowers the shield once its time is over."""
        self._lowering = None
        before = self.state.shield
        self.state.shield = before.after(ShieldEvent.EXPIRE, self._context.now)
        self._show()
        if self.state.shield is not before:
            task = asyncio.get_running_loop().create_task(self._store_settings())
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def _store_settings(self) -> None:
        settings = self.stored_settings().to_json()
        self._context.record = replace(self._context.record, settings=settings)
        try:
            await self._context.storage.rooms.change(self._context.room, settings=settings)
        except StorageError as error:
            # Storage then keeps the older shield. This does no harm, because the older shield ends
            # at its time `until`.
            logger.warning("room %s: %s", self._context.room, error)

    # Viewers and life

    def forget_person(self, person: str) -> None:
        self.standings.forget(person)
        self.networks.forget(person)
        self._moderators -= {person}
        self.state.forget(person)

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        if self._stale:
            self._read()
        if person is not None and self.is_banned(person):
            # Close the connection later: the channel first completes the viewer's subscription.
            asyncio.get_running_loop().call_soon(
                self._context.channel.close_person, person, RefusalCode.BANNED, BANNED_TEXT
            )

    async def conclude(self) -> None:
        """Deletes the hashes of networks, which are kept only until the end of the live."""
        if self.state.networks or read_room_settings(self._context.record.settings).salt:
            self.state.networks.clear()
            self.networks.made_salt = None
            await self._context.storage.bans.forget_networks(
                self._context.room, self.stored_settings().to_json()
            )

    async def close(self) -> None:
        self._context.changes.unsubscribe(self.creator, self._changed)
        if self._lowering:
            self._lowering.cancel()
        while tasks := {*self._storing, *filter(None, [self._reading])}:
            await asyncio.wait(tasks)


def _ends(ends: Mapping[str, float | None]) -> dict[str, float]:
    return {key: FOR_EVER if until is None else until for key, until in ends.items()}
