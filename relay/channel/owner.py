"""The owner of a channel: the room, as far as the channel knows it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.errors import MessageError


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a viewer that is not a report."""

    viewer: int
    """The viewer's number in this channel."""
    person: str | None
    """The `person` argument of `subscribe`. The relay does not interpret it."""
    media_time: int
    """Media time at the viewer's playback position, µs."""
    body: Mapping[str, Any]
    """The notice: a JSON object with a `type`. The relay has checked nothing but the type."""


class ChannelOwner(Protocol):
    """The room that a channel belongs to. Its methods are called synchronously."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None:
        """Takes note that the viewer with this number has left. The number is not used again."""

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        """Takes a viewer's playback report. The fields of the report have not been checked."""

    def receive_notice(self, notice: Notice) -> None:
        """Takes a notice that is not a report. Raises MessageError if the notice is unknown."""


class NoOwner:
    """The owner of a channel that has ended."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None: ...

    def receive_notice(self, notice: Notice) -> None:
        raise MessageError("this room has ended")
