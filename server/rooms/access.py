"""Who may watch a room, and the watch links of private rooms. These checks need only storage, so
they also work for a room that has ended.
"""

from collections.abc import Callable

from relay.errors import RefusalCode
from server.errors import Conflict, Forbidden, NotFound, Unprocessable
from server.recent import Recent
from server.rooms.commands.access import (
    AddLink,
    Admission,
    Admit,
    ReadLinks,
    RevokeLink,
    WatchLink,
)
from server.rooms.creator_lists import creator_of, log_record, random_id
from server.rooms.part import CommandHandlers
from server.rooms.watch_token import WatchToken, read_token, write_token
from server.social.author import Author
from server.social.moderation import BANNED_TEXT
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from server.storage.watch_links import TooManyLinks, WatchLinkRecord

VISIBILITIES = ("public", "unlisted", "private")
MIN_LINK, MAX_LINK = 60, 30 * 86_400
"""Minimum and maximum validity of a watch link, seconds."""
REMEMBERED_FOR = 2.0
"""Seconds for which the state of a link is remembered: HLS viewers ask several times a second."""
MAX_REMEMBERED = 1_000
PRIVATE_TEXT = "this live is private: ask the creator for a link, or follow the creator"


class RoomAccess:
    """Executes the commands about who may watch one room."""

    def __init__(
        self,
        record: Callable[[], RoomRecord],
        storage: Storage,
        now: Callable[[], float],
        announce: Callable[[], None],
        is_banned: Callable[[str], bool],
    ) -> None:
        """`announce`: called after each change. `is_banned`: whether a person is banned."""
        self._record = record
        self._storage = storage
        self._now = now
        self._announce = announce
        self._is_banned = is_banned
        self._links: Recent[str, tuple[WatchLinkRecord | None, float]] = Recent(MAX_REMEMBERED)

    def command_handlers(self) -> CommandHandlers:
        return {
            Admit: self.admit,
            AddLink: self.add_link,
            ReadLinks: self.read_links,
            RevokeLink: self.revoke_link,
        }

    def forget_links(self) -> None:
        """Forgets the remembered links, so that the next check of each link reads storage."""
        self._links.clear()

    async def admit(self, author: Author, command: Admit) -> Admission:
        person = author.person.id
        self._require_not_banned(person)
        record = self._record()
        private = record.visibility == "private"
        if not private or author.role.moderates or await self._follows(person):
            return Admission(private)
        token = read_token(command.token, record.room, record.key_hash)
        if token is None:
            raise Forbidden(RefusalCode.PRIVATE_ROOM, PRIVATE_TEXT)
        if token.expires_at <= self._now():
            raise Forbidden(RefusalCode.LINK_EXPIRED, "this link has expired")
        if token.person:
            return await self._admit_person(token)
        link = await self._find_link(token.link)
        if link is None or link.revoked_at is not None:
            raise Forbidden(RefusalCode.LINK_REVOKED, "the creator has revoked this link")
        return Admission(True, link.id, link.expires_at)

    async def _admit_person(self, token: WatchToken) -> Admission:
        """Admits the person of a token, as if the person had sent the cookie."""
        record, person = self._record(), token.person
        self._require_not_banned(person)
        if (
            person == record.owner
            or await self._follows(person)
            or await self._storage.moderators.includes(creator_of(record), person)
        ):
            return Admission(True)
        raise Forbidden(RefusalCode.PRIVATE_ROOM, PRIVATE_TEXT)

    def _require_not_banned(self, person: str) -> None:
        if self._is_banned(person):
            raise Forbidden(RefusalCode.BANNED, BANNED_TEXT)

    async def _follows(self, person: str) -> bool:
        owner = self._record().owner
        if owner is None or not person:
            return False
        at, _ = await self._storage.moderation.standing(owner, self._record().room, person)
        return at is not None

    async def _find_link(self, link: str) -> WatchLinkRecord | None:
        known = self._links.get(link)
        if known and abs(self._now() - known[1]) < REMEMBERED_FOR:
            return known[0]
        found = await self._storage.watch_links.find(self._record().room, link)
        self._links.keep(link, (found, self._now()))
        return found

    # Links

    async def add_link(self, author: Author, command: AddLink) -> WatchLink:
        if not MIN_LINK <= command.seconds <= MAX_LINK:
            raise Unprocessable(
                RefusalCode.BAD_MODERATION, f"a link is valid for {MIN_LINK} to {MAX_LINK} s"
            )
        record, now = self._record(), self._now()
        link = WatchLinkRecord(random_id(), record.room, now, float(int(now) + command.seconds))
        try:
            await self._storage.watch_links.add(link)
        except TooManyLinks as error:
            raise Conflict(
                RefusalCode.TOO_MANY_LINKS, "there are too many links: revoke a link first"
            ) from error
        await self._note(author, "add_link", link.id)
        return self._describe(link)

    async def read_links(self, _: Author, __: ReadLinks) -> tuple[WatchLink, ...]:
        return tuple(
            self._describe(link)
            for link in await self._storage.watch_links.of_room(self._record().room)
        )

    async def revoke_link(self, author: Author, command: RevokeLink) -> None:
        room = self._record().room
        if not await self._storage.watch_links.revoke(room, command.link, self._now()):
            raise NotFound(RefusalCode.LINK_NOT_FOUND, "this room has no such link")
        await self._note(author, "revoke_link", command.link)

    async def _note(self, author: Author, action: str, link: str) -> None:
        """Writes a line of the log. The line also tells other servers of the change."""
        record = self._record()
        log = log_record(record, self._now(), author, action, link)
        await self._storage.moderation.record(creator_of(record), log)
        self.forget_links()
        self._announce()

    def _describe(self, link: WatchLinkRecord) -> WatchLink:
        record = self._record()
        token = WatchToken(int(link.expires_at), link=link.id)
        return WatchLink(
            link.id,
            write_token(token, record.room, record.key_hash),
            link.created_at,
            link.expires_at,
            link.revoked_at,
        )
