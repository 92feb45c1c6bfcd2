"""The interface through which a channel calls its room. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from relay.errors import MessageError


@dataclass(frozen=True, slots=True)
class Notice:
    """A viewer's notice, other than a report."""

    viewer: int
    """The viewer's number in this channel."""
    person: str | None
    """The value that `Channel.subscribe` got as `person`. The relay does not interpret this
    value.
    """
    media_time: int
    """Media time at the viewer's playback position, µs."""
    body: Mapping[str, Any]
    """The notice as a JSON object. The relay has checked only that the notice has a `type`."""


class ChannelOwner(Protocol):
    """The room of a channel. The channel calls the methods synchronously."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        """Records that a viewer has joined and got this number. `person`: the value that
        `Channel.subscribe` got. `media`: whether the viewer gets media over this connection.
        """

    def viewer_left(self, viewer: int) -> None:
        """Records that the viewer with this number has left. The number is never used again."""

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        """Takes a viewer's playback report, whose fields have not been checked."""

    def receive_notice(self, notice: Notice) -> None:
        """Takes a viewer's notice, other than a report. Raises MessageError if the room does not
        know this type of notice.
        """


class NoOwner:
    """Replaces the room as the owner of a channel that is closed."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None: ...

    def receive_notice(self, notice: Notice) -> None:
        raise MessageError("this room has ended")
