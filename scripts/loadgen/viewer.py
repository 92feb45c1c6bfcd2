"""A simulated viewer on any playback path, and the interface through which the viewer uses its
crowd.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from ssl import SSLContext
from typing import Any, Protocol

import aiohttp

from scripts.loadgen.chat_arrivals import ChatArrivals
from scripts.loadgen.clocks import Clocks
from scripts.loadgen.delivery import Delivery
from scripts.loadgen.poller import Poller


class ViewerContext(Protocol):
    """The resources that all viewers of a process share, and the methods by which a viewer reports
    the state of its connection.
    """

    delivery: Delivery
    slow_delivery: Delivery
    buffer: bytearray
    read_buffer: memoryview
    small_buffer: memoryview
    """The first bytes of `read_buffer`: as many bytes as a slow viewer may read at a time."""
    poller: Poller
    clocks: Clocks
    arrivals: ChatArrivals | None
    """The chat that the viewers receive; None if the viewers do not read events."""
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
    """A simulated viewer. Call `connect()`, then `report()` once a second. `leave()` and `vanish()`
    may be called in any state. After either call, the viewer makes no more calls to its crowd.

    A viewer calls its crowd's methods: `connected` when it is connected, then `joined` when its
    first frame arrives. If the connection breaks, the viewer calls `lost`, or `failed` if the
    viewer was not connected yet.
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
        """Time since the viewer arrived, ms."""
        return (time.monotonic() - self._began) * 1_000

    @abstractmethod
    async def connect(self) -> None:
        """Connects to the server. Raises OSError (including ssl.SSLError) or Refused."""

    @abstractmethod
    def leave(self) -> None:
        """Closes the session as a real player does."""

    @abstractmethod
    def vanish(self) -> None:
        """Disappears without closing the session."""

    def report(self) -> None:  # noqa: B027 (optional)
        """Sends the report that a real player sends once a second."""

    def tap(self, taps: int) -> None:  # noqa: B027
        """Sends taps on a reaction."""

    def ask_time(self) -> None:  # noqa: B027
        """Asks the server for the time on the server's clock. Called for probes only, and only if
        the server is on another machine.
        """

    def allow(self, size: int) -> None:  # noqa: B027
        """Allows a slow viewer to read `size` more bytes."""

    def _lose(self, cause: str) -> None:
        """Reports a lost connection to the crowd, at most once. Does nothing if the viewer has
        left.
        """
        if not self._left:
            self._left = True
            watching, self.watching = self.watching, False
            (self._crowd.lost if watching else self._crowd.failed)(self, cause)
