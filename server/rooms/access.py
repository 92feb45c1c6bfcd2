"""Who may watch a room, and the watch links of private rooms. These checks need only storage, so
they also work for a room that has ended.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from relay.errors import Refusal, RefusalCode
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
"""Seconds for which the state of a link is remembered, because an HLS viewer sends several requests
per second.
"""
MAX_REMEMBERED = 1_000
Decision = Admission | Refusal
Links = Mapping[str, WatchLinkRecord | None]
"""Watch links by id; None for an id that no link has."""
PRIVATE_TEXT = "this live is private: ask the creator for a link, or follow the creator"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who wants to watch."""

    person: str
    """Id of the person; empty if the request names no person."""
    token: str
    """The token of a watch link, or empty."""
    moderates: bool
    """Whether the person is the creator or a moderator."""


@dataclass(frozen=True, slots=True)
class _Friends:
    """The people who may watch without a link."""

    followers: frozenset[str] = frozenset()
    moderators: frozenset[str] = frozenset()


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
        viewer = Viewer(author.person.id, command.token, author.role.moderates)
        (found,) = await self.admit_all([viewer])
        if isinstance(found, Refusal):
            raise found
        return found

    async def admit_all(self, viewers: Sequence[Viewer]) -> list[Decision]:
        """Decides whether each viewer may watch. Returns one Admission or Refusal for each viewer.
        Reads storage once for all viewers. Raises StorageError.
        """
        record = self._record()
        tokens = [read_token(viewer.token, record.room, record.key_hash) for viewer in viewers]
        waiting = [
            (viewer, token)
            for viewer, token in zip(viewers, tokens, strict=True)
            if self._admit_early(viewer) is None
        ]
        friends = await self._friends(
            {viewer.person for viewer, _ in waiting} - {""},
            {token.person for _, token in waiting if token is not None} - {""},
        )
        links = await self._find_links(
            {
                token.link
                for viewer, token in waiting
                if token is not None and token.link and viewer.person not in friends.followers
            }
        )
        return [
            self._admit_early(viewer) or self._admit_late(viewer, token, friends, links)
            for viewer, token in zip(viewers, tokens, strict=True)
        ]

    def _admit_early(self, viewer: Viewer) -> Decision | None:
        """Returns the decision if it does not depend on storage, otherwise None."""
        if self._is_banned(viewer.person):
            return Forbidden(RefusalCode.BANNED, BANNED_TEXT)
        private = self._record().visibility == "private"
        return Admission(private) if viewer.moderates or not private else None

    def _admit_late(
        self, viewer: Viewer, token: WatchToken | None, friends: _Friends, links: Links
    ) -> Decision:
        if viewer.person in friends.followers:
            return Admission(True)
        if token is None:
            return Forbidden(RefusalCode.PRIVATE_ROOM, PRIVATE_TEXT)
        if token.expires_at <= self._now():
            return Forbidden(RefusalCode.LINK_EXPIRED, "this link has expired")
        if token.person:
            return self._admit_person(token.person, friends)
        link = links.get(token.link)
        if link is None or link.revoked_at is not None:
            return Forbidden(RefusalCode.LINK_REVOKED, "the creator has revoked this link")
        return Admission(True, link.id, link.expires_at)

    def _admit_person(self, person: str, friends: _Friends) -> Decision:
        """Decides about the person whom a token names, as if this person had sent the cookie."""
        if self._is_banned(person):
            return Forbidden(RefusalCode.BANNED, BANNED_TEXT)
        if (
            person == self._record().owner
            or person in friends.followers
            or person in friends.moderators
        ):
            return Admission(True)
        return Forbidden(RefusalCode.PRIVATE_ROOM, PRIVATE_TEXT)

    async def _friends(self, people: Set[str], admitted: Set[str]) -> _Friends:
        """Returns the people who follow the creator, and the people in `admitted` who are
        moderators of the creator. `people`: the senders of the requests. `admitted`: the people
        whom tokens name.
        """
        record, storage = self._record(), self._storage
        followers: frozenset[str] = frozenset()
        if record.owner is not None:
            followers = await storage.follows.followers_among(record.owner, people | admitted)
        others = admitted - followers
        return _Friends(followers, await storage.moderators.among(creator_of(record), others))

    async def _find_links(self, wanted: Set[str]) -> Links:
        now = self._now()
        known = {link: self._links[link] for link in wanted if link in self._links}
        found = {link: one for link, (one, at) in known.items() if abs(now - at) < REMEMBERED_FOR}
        unknown = wanted - found.keys()
        if unknown:
            stored = await self._storage.watch_links.find_all(self._record().room, unknown)
            for link in unknown:
                found[link] = stored.get(link)
                self._links.keep(link, (found[link], now))
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
        """Adds a line to the log. From this line, other servers also learn about the change."""
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
