"""The commands about who may watch a room. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class Admission:
    """How a viewer was admitted."""

    private: bool
    """Whether the room is private."""
    link: str = ""
    """Id of the watch link; empty if the viewer needs no link."""
    expires_at: float | None = None
    """Time at which the link expires, Unix seconds."""

    def ends_before(self, now: float) -> bool:
        """Whether the link has expired at `now`."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Admit(SocialCommand[Admission]):
    """Checks that a person may watch. `token`: the token of a watch link, or empty. The command is
    refused with 403 PRIVATE_ROOM, LINK_EXPIRED, LINK_REVOKED or BANNED.
    """

    name = "admit"
    reply = Admission
    token: str = ""


@dataclass(frozen=True, slots=True)
class WatchLink:
    """A watch link. Times are in Unix seconds."""

    id: str
    token: str
    created_at: float
    expires_at: float
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class AddLink(SocialCommand[WatchLink]):
    """Makes a watch link that is valid for `seconds`. The command is refused with 409
    TOO_MANY_LINKS or 422 BAD_MODERATION.
    """

    name = "add_link"
    reply = WatchLink
    needs = Role.CREATOR
    seconds: int


@dataclass(frozen=True, slots=True)
class ReadLinks(SocialCommand[tuple[WatchLink, ...]]):
    """Returns the links of the room, the newest first."""

    name = "read_links"
    reply = tuple[WatchLink, ...]
    needs = Role.CREATOR


@dataclass(frozen=True, slots=True)
class RevokeLink(SocialCommand[None]):
    """Revokes a watch link. The command is refused with 404 LINK_NOT_FOUND."""

    name = "revoke_link"
    reply = None
    needs = Role.CREATOR
    link: str


COMMANDS: tuple[type[Command[Any]], ...] = (Admit, AddLink, ReadLinks, RevokeLink)
