"""Who may see and change a clip. Pure."""

from dataclasses import dataclass

from server.clips.life import State
from server.storage.clip_record import ClipRecord

WIDTH = ("private", "unlisted", "public")
"""Visibilities, the narrowest first."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The relation of a person to a clip."""

    creator: bool = False
    """Whether the person is the creator of the live."""
    clipper: bool = False
    """Whether the person made the clip."""
    member: bool = False
    """Whether the person may watch the live if the live is private."""

    @property
    def own(self) -> bool:
        """Whether the person may change the title of the clip, and delete the clip."""
        return self.creator or self.clipper


def is_visible(record: ClipRecord, rights: Rights) -> bool:
    """Whether a person with these rights may see the clip. Drafts belong to the person who makes
    the clip. A program with the creator key sees the drafts that such programs make.
    """
    match State(record.state):
        case State.DRAFT | State.MAKING:
            return rights.clipper
        case State.WAITING:
            return rights.own
        case State.PUBLISHED:
            return record.visibility != "private" or rights.own or rights.member
        case State.DELETED:
            return False


def is_open(record: ClipRecord) -> bool:
    """Whether everyone who knows the URL of the clip may see the clip."""
    return record.state == State.PUBLISHED and record.visibility != "private"


def is_listed(record: ClipRecord, rights: Rights, live: str) -> bool:
    """Whether the list of the live's clips shows the clip. The list is for people who may watch the
    live. `live`: visibility of the live.
    """
    match State(record.state):
        case State.WAITING:
            return rights.own
        case State.PUBLISHED:
            return rights.own or not is_wider(live, record.visibility)
        case _:
            return False


def is_wider(one: str, other: str) -> bool:
    """Whether more people see media with the visibility `one` than with the visibility `other`."""
    return WIDTH.index(one) > WIDTH.index(other)
