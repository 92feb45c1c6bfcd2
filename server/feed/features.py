"""What the ranking knows of an item and of a viewer. Pure. Times are Unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.feed.taste import Taste

Kind = Literal["live", "clip", "replay"]
"""The kinds of items in the feed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be shown. The numbers of people are those that `witnesses.py` counts."""

    kind: Kind
    item: str
    """Id of the room or of the clip."""
    creator: str
    """Id of the person."""
    tags: tuple[str, ...] = ()
    """Keys of the tags (server/discovery/tags.py)."""
    mood: str = ""
    """`calm`, `loud`, `funny`, `learn`, `create`, or empty."""
    began: float = 0.0
    """When the live began, or when the clip or the replay was published."""
    viewers: int = 0
    """People who watch now. 0 for clips and replays."""
    arrivals: int = 0
    """People who came within the last 60 s."""
    reactors: int = 0
    """People who reacted within the last 30 s."""
    usual_reactors: float = 0.0
    """How many people usually react within 30 s (server/social/usual_reactions.py)."""
    answers: int = 0
    """Messages in which the creator answered viewers within the last 5 minutes."""
    impressions: int = 0
    """How often the feed has shown the item (`feed_item`)."""
    stays: int = 0
    """Views of 8 s and more."""
    skips: int = 0
    """Views of less than 3 s."""
    seconds: float = 0.0
    """All seconds that people watched it from the feed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """When this viewer saw an item last."""

    at: float
    skipped: bool = False
    """Whether the viewer left it within 3 s."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks for the feed."""

    taste: Taste = field(default_factory=Taste)
    """Empty if the person has turned the personal order off."""
    follows: frozenset[str] = frozenset()
    """Creators whom the person follows."""
    mood: str = ""
    """The mood that the person chose within the last hour, or empty."""
    hour: int | None = None
    """Hour of the day in the person's time zone, 0 to 23."""
    shown: Mapping[str, Shown] = field(default_factory=dict)
    """Items that the person saw lately, by id."""
    hidden: frozenset[str] = frozenset()
    """Creators whom the person hid, blocked or reported, and who hid or blocked the person."""
