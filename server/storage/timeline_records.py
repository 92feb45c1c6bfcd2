"""The stored messages and reactions of a part of a live. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TimelineMessageRecord:
    """A message that viewers may see."""

    media_time: int
    """Media time that the author saw, µs."""
    sequence: int
    person: str
    name: str
    colour: int
    handle: str | None
    role: str
    body: str


@dataclass(frozen=True, slots=True)
class TimelineRecord:
    messages: Sequence[TimelineMessageRecord] = ()
    """The messages, in the order of media time and number."""
    hearts: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """Number of taps by second of media time and emoji."""
