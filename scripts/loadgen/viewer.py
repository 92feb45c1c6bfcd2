"""One viewer, on whichever way: what its crowd asks of it, and hears from it."""

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.loadgen.crowd import Crowd


class Viewer(ABC):
    """`connect()`, then `report()` once a second; `leave()` or `vanish()` in any state, after which
    its crowd hears nothing more of it.

    Tells its crowd `connected`, `joined` with the first picture, and `lost` where the connection
    ended without its doing.
    """

    def __init__(self, crowd: "Crowd", room: str, *, probe: bool, slow: bool, rude: bool) -> None:
        self.room = room
        self.probe = probe
        self.slow = slow
        self.rude = rude
        self.watching = False
        self._crowd = crowd
        self._tally = crowd.slow_tally if slow else crowd.tally
        self._began = time.monotonic()
        self._left = False

    @property
    def _age(self) -> float:
        """ms since it came."""
        return (time.monotonic() - self._began) * 1_000

    @abstractmethod
    async def connect(self) -> None:
        """Raises OSError (ssl.SSLError among them) or Refused where it cannot."""

    @abstractmethod
    def leave(self) -> None:
        """Goes as a player does."""

    @abstractmethod
    def vanish(self) -> None:
        """Is gone without a word."""

    def report(self) -> None:  # noqa: B027 (not every way has something to send)
        """What a player sends once a second."""

    def ask_time(self) -> None:  # noqa: B027
        """What a probe of a server on another machine asks, to know its clock."""

    def allow(self, size: int) -> None:  # noqa: B027
        """A slow viewer may read `size` bytes more."""

    def _lose(self, cause: str) -> None:
        """The connection is gone; tells it once, and not after leaving."""
        if not self._left:
            self._left = True
            watching, self.watching = self.watching, False
            (self._crowd.lost if watching else self._crowd.failed)(self, cause)
