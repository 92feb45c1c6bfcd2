"""What a person reads about a clip."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.clips.rights import Rights
from server.storage.clip_record import ClipRecord
from server.storage.who import Who


@dataclass(frozen=True, slots=True)
class Tile:
    """A keyframe in a filmstrip. `at`: media time, µs; `x` and `y`: place in the picture, px."""

    at: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Filmstrip:
    """The keyframes of a draft as one picture. `width` and `height`: size of a tile, px."""

    tiles: Sequence[Tile]
    width: int
    height: int
    number: int
    """Number of this filmstrip among the filmstrips of the draft, from 1."""


@dataclass(frozen=True, slots=True)
class DraftView:
    """What a draft offers, in media time (µs)."""

    first: int
    until: int
    keyframes: Sequence[int]
    filmstrip: Filmstrip | None
    """The filmstrip; None until the filmstrip is made."""


@dataclass(frozen=True, slots=True)
class ClipView:
    """A clip, for a person with these rights."""

    record: ClipRecord
    by: Who | None
    """The person who made the clip."""
    rights: Rights
    draft: DraftView | None = None
    """What the draft offers; None if the clip is finished."""

    @property
    def has_pictures(self) -> bool:
        """Whether the clip has a poster now."""
        if self.draft is not None:
            return self.draft.filmstrip is not None
        return self.record.pictures
