"""What the server accepts: everything at first, less while it drains, nothing at the end. Pure."""

from enum import Enum, auto

from relay.errors import RefusalCode
from server.errors import Unavailable


class Accepts(Enum):
    OPEN = auto()
    """Everything."""
    DRAINING = auto()
    """Viewers, and creators who return to a room on air, because the server will close."""
    MOVING = auto()
    """Viewers only, because other servers take the rooms."""
    REFUSING = auto()
    """No rooms, creators or viewers."""


class Acceptance:
    """What the server accepts at present. It never accepts more again once it refuses viewers."""

    def __init__(self) -> None:
        self.accepts = Accepts.OPEN

    @property
    def draining(self) -> bool:
        """Whether the server takes no new rooms and creators, because it will close."""
        return self.accepts is not Accepts.OPEN

    @property
    def refusing(self) -> bool:
        """Whether the server takes no new viewers either."""
        return self.accepts is Accepts.REFUSING

    def drain(self, *, moving: bool) -> None:
        """Makes the server refuse new rooms and new creators. `moving`: whether other servers take
        the rooms.
        """
        if not self.refusing:
            self.accepts = Accepts.MOVING if moving else Accepts.DRAINING

    def refuse(self) -> None:
        """Makes the server refuse new viewers too."""
        self.accepts = Accepts.REFUSING

    def require_open(self) -> None:
        """Checks that the server accepts viewers. Raises Unavailable."""
        if self.refusing:
            raise _closing()

    def require_new(self) -> None:
        """Checks that the server accepts new rooms and creators. Raises Unavailable."""
        if self.draining:
            raise _closing()

    def require_publisher(self, *, on_air: bool) -> None:
        """Checks that the server accepts a new session in a room. `on_air`: whether the room is on
        air in this process, so that its creator returns. Raises Unavailable.
        """
        if not (on_air and self.accepts is Accepts.DRAINING):
            self.require_new()


def _closing() -> Unavailable:
    return Unavailable(
        RefusalCode.SERVER_CLOSING, "the server is shutting down: try again in a moment"
    )
