"""The people who send commands to a room, and their roles. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

from server.people.person import Person


class Role(StrEnum):
    """The role of a person in a room. Each role has the rights of the lower roles."""

    CREATOR = "creator"
    MODERATOR = "moderator"
    KNOWN = "known"
    """A follower of the creator, or a person with a message in an earlier live of the creator."""
    GUEST = "guest"

    def includes(self, other: "Role") -> bool:
        """Whether this role has the rights of `other`."""
        return _RANKS[self] >= _RANKS[other]

    @property
    def moderates(self) -> bool:
        return self.includes(Role.MODERATOR)


_RANKS = {Role.GUEST: 0, Role.KNOWN: 1, Role.MODERATOR: 2, Role.CREATOR: 3}


@dataclass(frozen=True, slots=True)
class Requester:
    """The sender of a command, as the HTTP layer identifies the sender. The room finds out the role
    of the sender.
    """

    person: Person
    """The person of the cookie; ANONYMOUS if the request has no valid cookie."""
    address: str = ""
    """Address of the client."""
    key: str = field(default="", repr=False)
    """The creator key; empty if the request has no creator key."""


@dataclass(frozen=True, slots=True)
class Author:
    """A person in one room."""

    person: Person
    role: Role
    network_hash: str
    """Salted hash of the /32 or /64 network of the client; empty if the address is unknown."""
