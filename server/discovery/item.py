"""An item of the feed: a live, a clip or a replay, as every list shows it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    LIVE = "live"
    CLIP = "clip"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class ItemId:
    kind: Kind
    id: str
    """The room of a live or of a replay; the id of a clip."""


@dataclass(frozen=True, slots=True)
class ItemTag:
    tag: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemCreator:
    """The creator of the live. `id` is None if a program created the room."""

    id: str | None = None
    name: str = ""
    handle: str | None = None
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is where it is in the feed."""

    code: str
    weight: float
    detail: str = ""
    """The tag or the mood, if the reason is about one."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A public item. URLs are paths of this server."""

    kind: Kind
    id: str
    room: str
    url: str
    """The page."""
    title: str
    tags: tuple[ItemTag, ...]
    mood: str
    creator: ItemCreator
    poster: str | None
    preview: str | None
    """The poster, small, for viewers who save data."""
    width: int | None
    height: int | None
    """Size of the picture, px; None if this server does not know the size."""
    viewers: int
    live_since: str | None
    """Time at which the live began, ISO 8601 in UTC; None for a clip."""
    duration: float | None
    """Seconds; None for a live."""
    video: str | None = None
    """The MP4 file of a clip."""
    playlist: str | None = None
    """The HLS playlist of a replay."""
    reasons: tuple[Reason, ...] = ()
    score: float = 0.0

    @property
    def key(self) -> ItemId:
        return ItemId(self.kind, self.id)


def utc(at: float) -> str:
    """Returns a time (Unix seconds) in ISO 8601 in UTC, with seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
