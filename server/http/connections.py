"""Limits the number of TCP connections per address, and the time that a connection may be silent
before its first request.

aiohttp does not limit the number of connections. It lets a new connection without a request stay
open as long as any other idle connection. The endpoints limit the number of requests.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from server.http.limits import IPNetwork, bucket_key, is_trusted

SILENT = 15.0
"""Maximum seconds until the headers of a connection's first request have arrived."""
IDLE = 150.0
"""Maximum seconds between two requests on a connection. The value exceeds the timeout of reverse
proxies, so that the proxy closes an idle connection first.
"""
HANDSHAKE = 10.0
"""Maximum duration of a TLS handshake, seconds."""
EACH = 4
"""Maximum number of TCP connections per address for each WebSocket that the address may open.
Browsers open several connections at a time to load a page.
"""
SWEEP = 5.0
"""Seconds between two checks for silent connections."""

_BODY = json.dumps(
    {
        "error": "too many connections from this address: wait",
        "code": RefusalCode.TOO_MANY_CONNECTIONS,
        "retry_after": int(SILENT),
    }
).encode()
REFUSAL = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Type: application/json\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
) % (SILENT, len(_BODY), _BODY)


class Connections:
    """The open connections, by address. Owns a timer, which `close()` ends."""

    def __init__(self, limit: int, trusted: Sequence[IPNetwork]) -> None:
        """`limit`: maximum number of connections per address. Trusted proxies have no limit."""
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
        """The middleware that notes the first request of each connection. It must be the outermost
        middleware.
        """

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._silent.pop(request.protocol, None)
            return await handler(request)

        return note

    def admit(self, transport: asyncio.Transport, handler: web.RequestHandler) -> bool:
        """Returns whether a new connection is accepted. An accepted connection is counted until it
        closes.
        """
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

    def cut(self, network: IPNetwork) -> None:
        """Closes the connections of a network. Connections of trusted proxies stay open."""
        for held in self._held.values():
            for transport in _open(held):
                address = (transport.get_extra_info("peername") or ("",))[0]
                if is_trusted(address, (network,)):
                    transport.abort()

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


class AdmissionProtocol(asyncio.Protocol):
    """Passes a newly accepted connection to aiohttp. Refuses the connection if its address has too
    many connections.
    """

    def __init__(self, connections: Connections, handler: web.RequestHandler) -> None:
        self._connections = connections
        self._handler = handler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = cast("asyncio.Transport", transport)  # uvloop's transports are no asyncio.Transport
        if self._connections.admit(made, self._handler):
            made.set_protocol(self._handler)
            self._handler.connection_made(made)
        else:
            made.write(REFUSAL)
            made.close()


def _open(transports: list[asyncio.Transport]) -> list[asyncio.Transport]:
    return [transport for transport in transports if not transport.is_closing()]
