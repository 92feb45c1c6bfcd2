"""One viewer, on any playback path, and its calls to the crowd."""

import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from ssl import SSLContext
from typing import Any, Protocol

import aiohttp

from scripts.loadgen.clocks import Clocks
from scripts.loadgen.delivery import Delivery
from scripts.loadgen.poller import Poller


class ViewerContext(Protocol):
    """The shared resources of the viewers of one process, and the calls by which a viewer reports
    its connection.
    """

    delivery: Delivery
    slow_delivery: Delivery
    buffer: bytearray
    read_buffer: memoryview
    small_buffer: memoryview
    """The start of `read_buffer`, for one read by a slow viewer."""
    poller: Poller
    clocks: Clocks
    ssl: SSLContext | None

    @property
    def address(self) -> tuple[str, int]: ...

    @property
    def path(self) -> str: ...

    @property
    def host(self) -> str: ...

    @property
    def http(self) -> aiohttp.ClientSession: ...

    def url(self, path: str, /) -> str: ...

    def next_number(self) -> int: ...

    def finish_leaving(self, leaving: Coroutine[Any, Any, Any], /) -> None: ...

    def never_reads(self) -> bool: ...

    def connected(self, viewer: "Viewer", took_ms: float, /) -> None: ...

    def joined(self, viewer: "Viewer", took_ms: float, /) -> None: ...

    def paced(self, viewer: "Viewer", pace: str, /) -> None: ...

    def failed(self, viewer: "Viewer", cause: str, /) -> None: ...

    def lost(self, viewer: "Viewer", code: str, /) -> None: ...


class Viewer(ABC):
    """Call `connect()`, then `report()` once a second; `leave()` or `vanish()` in any state, after
    which it makes no more calls to its crowd.

    Calls `connected`, `joined` with the first frame, and `lost` if the connection is cut.
    """

    def __init__(
        self, crowd: ViewerContext, room: str, *, probe: bool, slow: bool, rude: bool
    ) -> None:
        self.room = room
        self.probe = probe
        self.slow = slow
        self.rude = rude
        self.watching = False
        self._crowd = crowd
        self._delivery = crowd.slow_delivery if slow else crowd.delivery
        self._began = time.monotonic()
        self._left = False

    @property
    def _age(self) -> float:
        """ms since the viewer arrived."""
        return (time.monotonic() - self._began) * 1_000

    @abstractmethod
    async def connect(self) -> None:
        """Raises OSError (including ssl.SSLError) or Refused."""

    @abstractmethod
    def leave(self) -> None:
        """Leaves, as a player does."""

    @abstractmethod
    def vanish(self) -> None:
        """Disappears without closing."""

    def report(self) -> None:  # noqa: B027 (optional)
        """Sends a player's report, once a second."""

    def ask_time(self) -> None:  # noqa: B027
        """Asks a server on another machine for its time; probes only."""

    def allow(self, size: int) -> None:  # noqa: B027
        """Lets a slow viewer read `size` bytes more."""

    def _lose(self, cause: str) -> None:
        """The connection is gone. Reports it once, and not after leaving."""
        if not self._left:
            self._left = True
            watching, self.watching = self.watching, False
            (self._crowd.lost if watching else self._crowd.failed)(self, cause)
