"""The owner of a channel: the room, as the channel knows it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.errors import MessageError


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a viewer, except reports."""

    viewer: int
    """The viewer's number in this channel."""
    person: str | None
    """The `person` given to `subscribe`. The relay does not interpret it."""
    media_time: int
    """The media time at the viewer's playback position, µs."""
    body: Mapping[str, Any]
    """The notice: a JSON object with a `type`. Only the type has been checked."""


class ChannelOwner(Protocol):
    """The room of a channel. Called synchronously."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None:
        """The viewer with this number has left. Numbers are not used again."""

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        """Takes a viewer's playback report. Its fields are unchecked."""

    def receive_notice(self, notice: Notice) -> None:
        """Takes any other notice. Raises MessageError if the notice is unknown."""


class NoOwner:
    """The owner of a channel that has ended."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None: ...

    def receive_notice(self, notice: Notice) -> None:
        raise MessageError("this room has ended")
