"""Counts the sockets of each address and network: WebSockets and event streams together. A
WebSocket on standby counts as a fifth. Pure.
"""

from types import TracebackType
from typing import Self

from server.errors import TooManyRequests
from server.http.limits import ConnectionLimiter

STANDBYS = 5
"""Number of sockets on standby that count as one socket."""


class SocketLimiter:
    """Limits the sockets of each address to `limit`, and those of each network accordingly."""

    def __init__(self, limit: int) -> None:
        self._parts = ConnectionLimiter(limit * STANDBYS)
        """Counts STANDBYS parts for a socket, and one part for a socket on standby."""
        self.standbys = 0
        """Number of sockets on standby, of all addresses together."""

    def set_limit(self, limit: int) -> None:
        """Changes the limit of new sockets."""
        self._parts.limit = limit * STANDBYS

    def open(self, address: str, refusal: TooManyRequests, *, held: bool = False) -> "Socket":
        """Returns a socket of this address, which counts until its context ends. `held`: whether it
        begins on standby. Raises `refusal` if the socket exceeds a limit.
        """
        if not self._parts.acquire(address, _parts_of(held)):
            raise refusal
        self.standbys += held
        return Socket(self, address, held)

    def hold(self, address: str, held: bool) -> bool:
        """Counts a socket as one on standby, or as one that ends its standby. Returns whether the
        socket stays within the limits.
        """
        if held:
            self._parts.release(address, STANDBYS - 1)
        elif not self._parts.acquire(address, STANDBYS - 1):
            return False
        self.standbys += 1 if held else -1
        return True

    def release(self, address: str, held: bool) -> None:
        self._parts.release(address, _parts_of(held))
        self.standbys -= held

    def count(self, address: str) -> tuple[int, int]:
        """Returns the number of sockets of the address and of its network, rounded up."""
        own, together = self._parts.count(address)
        return -(-own // STANDBYS), -(-together // STANDBYS)

    def __len__(self) -> int:
        """Returns the number of addresses that have a socket."""
        return len(self._parts)


class Socket:
    """One socket of an address, which counts until its context ends."""

    def __init__(self, limiter: SocketLimiter, address: str, held: bool) -> None:
        self._limiter = limiter
        self._address = address
        self._held = held

    def hold(self, held: bool) -> bool:
        """Begins or ends the standby. Returns False, and changes nothing, if the socket would
        exceed a limit.
        """
        if held is not self._held and not self._limiter.hold(self._address, held):
            return False
        self._held = held
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limiter.release(self._address, self._held)


def _parts_of(held: bool) -> int:
    return 1 if held else STANDBYS
