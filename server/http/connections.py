"""TCP connections before they ask for anything: how many an address may hold, and how long they may
say nothing.

aiohttp counts none of them, and gives one that never asks as long as one that has just been
answered. What they ask for is counted by the doors.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.http.limits import IPNetwork, bucket_key, is_trusted

SILENT = 15.0
"""Seconds that a connection has for its first request, headers and all."""
IDLE = 150.0
"""Seconds between two requests on a connection: longer than reverse proxies keep theirs, so that it
is they who close.
"""
HANDSHAKE = 10.0
"""Seconds that TLS may take."""
EACH = 4
"""Connections for each WebSocket that an address may have: browsers open several at a time to load
a page.
"""
SWEEP = 5.0
"""Seconds between two looks at those that say nothing."""
_WORDS = b"too many connections from this address: wait"
REFUSAL = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Length: "
    b"%d\r\nConnection: close\r\n\r\n%b"
) % (SILENT, len(_WORDS), _WORDS)


class Connections:
    """Those that are open, by address. Owns a timer; `close()` ends it."""

    def __init__(self, limit: int, trusted: Sequence[IPNetwork]) -> None:
        """`limit`: how many an address may hold, unless it is that of a trusted proxy."""
        self._limit = limit
        self._trusted = trusted
        self._held: dict[str, list[asyncio.Transport]] = {}
        self._silent: dict[web.RequestHandler, float] = {}
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(SWEEP, self._sweep)

    def close(self) -> None:
        self._timer.cancel()

    @property
    def middleware(self) -> Middleware:
        """To be the outermost: hears of each request."""

        @web.middleware
        async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._silent.pop(request.protocol, None)
            return await handler(request)

        return heard

    def admit(self, transport: asyncio.Transport, handler: web.RequestHandler) -> bool:
        """Whether a new connection may stay; it is counted until it closes."""
        address = (transport.get_extra_info("peername") or ("",))[0]
        if not is_trusted(address, self._trusted):
            held = self._held.setdefault(bucket_key(address), [])
            if len(held) >= self._limit:
                held[:] = _open(held)
            if len(held) >= self._limit:
                return False
            held.append(transport)
        self._silent[handler] = self._loop.time()
        return True

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(SWEEP, self._sweep)
        now = self._loop.time()
        for handler, since in list(self._silent.items()):
            if handler.transport is not None and now - since < SILENT:
                continue
            del self._silent[handler]
            handler.force_close()
        self._held = {
            address: left for address, held in self._held.items() if (left := _open(held))
        }


class Entrance(asyncio.Protocol):
    """A connection that has just been accepted: it is admitted, and aiohttp's from then on, or told
    that there are too many.
    """

    def __init__(self, connections: Connections, handler: web.RequestHandler) -> None:
        self._connections = connections
        self._handler = handler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = cast("asyncio.Transport", transport)  # which uvloop's are, all but by name
        if self._connections.admit(made, self._handler):
            made.set_protocol(self._handler)
            self._handler.connection_made(made)
        else:
            made.write(REFUSAL)
            made.close()


def _open(transports: list[asyncio.Transport]) -> list[asyncio.Transport]:
    return [transport for transport in transports if not transport.is_closing()]
