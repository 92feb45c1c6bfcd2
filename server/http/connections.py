"""Limits the number of TCP connections of each address and of all addresses together. Ends
connections whose clients send no request or read no data for too long.

aiohttp has none of these limits. The endpoints limit the number of requests.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from relay.hls.sliced_body import SLICE, SlicedBody, body_size
from server.errors import TooManyRequests
from server.http.client import is_in
from server.http.delivery import Deliveries, Delivery, unread
from server.http.limits import ConnectionLimiter
from server.http.refusals import json_refusal, raw_refusal
from server.http.request import client_through
from server.setting_types import IPNetwork

SILENT = 10.0
"""Maximum seconds until the headers of a request have arrived completely. The time begins when the
connection is accepted, or with the first byte of a later request.
"""
IDLE = 75.0
"""Maximum seconds between two requests on a connection."""
PROXY_IDLE = 150.0
"""Maximum seconds between two requests on the connection of a trusted proxy. The value exceeds the
timeout of reverse proxies, so that the proxy closes an idle connection first.
"""
HANDSHAKE = 10.0
"""Maximum duration of a TLS handshake, seconds."""
EACH = 4
"""Ratio of the limit of TCP connections per address to the limit of WebSockets per address.
Browsers open several connections at a time to load a page.
"""
HANDSHAKES = 8
"""Ratio of the limit of TCP connections per address to the limit of incomplete TLS handshakes per
address. Each incomplete handshake uses 55 KB of memory.
"""
HANDSHAKES_CROWDED = 256
"""Number of incomplete TLS handshakes, over all addresses, above which the server shortens the
maximum duration of a handshake from HANDSHAKE to YOUNG. The shorter limit applies for HANDSHAKE
seconds.
"""
SWEEP = 2.5
"""Seconds between two checks for silent connections and for clients that read nothing."""
SWEEP_CROWDED = 0.5
"""Seconds between two checks while there are too many incomplete TLS handshakes."""
YOUNG = 2.0
"""Seconds that each client gets for a TLS handshake or the headers of a request, even if the server
has reached its limit of connections. After this time, the server may end the connection to make
room for a new connection.
"""

REFUSAL = raw_refusal(
    TooManyRequests(
        RefusalCode.TOO_MANY_CONNECTIONS, "too many connections from this address: wait", SILENT
    )
)


class Phase(Enum):
    """The present activity of a connection."""

    NEW = auto()
    """The connection is not counted yet."""
    HANDSHAKE = auto()
    """The TLS handshake is not complete."""
    HEADERS = auto()
    """The headers of a request are not complete."""
    REQUEST = auto()
    """A request is handled, or a WebSocket is open."""
    IDLE = auto()
    """The connection waits for another request."""
    LOST = auto()


class Connection(asyncio.Protocol):
    """One TCP connection. Passes all events of the connection to aiohttp's handler, and reports the
    phases of the connection to `connections`.
    """

    def __init__(
        self, connections: "Connections", make_handler: Callable[[], web.RequestHandler]
    ) -> None:
        self.phase = Phase.NEW
        self.address = ""
        self.trusted = False
        self.counted = False
        """Whether the connection is included in the number of connections of its address."""
        self.transport: asyncio.Transport | None = None
        self.handshake: asyncio.Task[None] | None = None
        """The task of the TLS handshake, until the handshake has ended."""
        self._connections = connections
        self._make_handler = make_handler
        self._handler: web.RequestHandler | None = None
        self._request: web.Request | None = None
        self._more = False
        """Whether bytes of another request arrived while a request was handled."""

    # Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        made = cast("asyncio.Transport", transport)  # uvloop's transports are no asyncio.Transport
        if self.phase is Phase.NEW:
            address = (made.get_extra_info("peername") or ("",))[0]
            if not self._connections.admit(self, address, Phase.HEADERS):
                made.write(REFUSAL)
                made.close()
                return
        self.transport = made
        self._handler = self._make_handler()
        self._connections.made(self, self._handler)
        self._handler.connection_made(made)
        # With this limit, the handler pauses while any byte of an answer is unsent, so that at most
        # one slice waits in memory. Set the limit only after the handler's `connection_made`:
        # unsent bytes of the TLS handshake may exceed the limit and pause the handler.
        made.set_write_buffer_limits(high=1, low=0)

    def data_received(self, data: bytes) -> None:
        if self._handler is None:
            return
        if self.phase is Phase.IDLE:
            self._connections.enter(self, Phase.HEADERS)
        elif self._request is not None and self._request.content.is_eof():
            self._more = True
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        if self._handler is not None:
            self._handler.eof_received()
        return None

    def pause_writing(self) -> None:
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        if self._handler is not None:
            self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.lost(self, self._handler)
        if self._handler is not None:
            self._handler.connection_lost(exc)

    # Requests

    def begin(self, request: web.Request) -> None:
        """Records the beginning of a request."""
        self._request, self._more = request, False
        self._connections.enter(self, Phase.REQUEST)

    def finish(self) -> None:
        """Records the end of a request."""
        self._request = None
        self._connections.enter(self, Phase.HEADERS if self._more else Phase.IDLE)

    def sending(self, request: web.Request, size: int) -> AbstractContextManager[None]:
        """Returns the context in which an answer is sent (`Connections.sending`)."""
        return self._connections.sending(self, request, size)

    def end(self) -> None:
        """Ends the connection. Drops bytes that the client has not taken."""
        transport = self.transport
        if transport is None:
            if self.handshake is not None:
                self.handshake.cancel()
        elif unread(transport):
            transport.abort()
        elif self._handler is not None:
            self._handler.force_close()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self.transport is not None:
            self.transport.abort()


CONNECTION = web.RequestKey("connection", Connection)
"""Key of the TCP connection in a request."""


async def send(request: web.Request, response: web.StreamResponse, *, shared: bool = False) -> None:
    """Sends a whole answer. Returns when the kernel has accepted all bytes, or when the connection
    has ended. Raises TooManyRequests, and sends nothing, if too many bytes wait for the client's
    address. `shared`: whether the body also belongs to other answers. At most one slice of a shared
    body counts as waiting.
    """
    connection = request.get(CONNECTION)
    if (
        connection is None
        or connection.phase is Phase.LOST
        or isinstance(response, web.WebSocketResponse)
        or (response.prepared and isinstance(response, web.Response))
    ):
        return
    size = 0
    if isinstance(response, web.Response):
        size = body_size(response)
        if size > SLICE and isinstance(response.body, bytes):
            response.body = SlicedBody([response.body])
    try:
        with connection.sending(request, min(size, SLICE) if shared else size):
            await response.prepare(request)
            await response.write_eof()
    except ConnectionError:
        pass  # the client has left: aiohttp ends the connection


class Connections:
    """The open connections. Owns a timer, which `close()` ends."""

    def __init__(self, limit: int, trusted: Sequence[IPNetwork], total: int | None = None) -> None:
        """`limit`: maximum number of connections per address; trusted proxies have no limit.
        `total`: maximum number of all connections.
        """
        self._trusted = trusted
        self._total = total
        self._counts = ConnectionLimiter(limit)
        self._handshakes = ConnectionLimiter(max(1, limit // HANDSHAKES))
        self._open: dict[web.RequestHandler, Connection] = {}
        self._waiting: dict[Connection, float] = {}
        """The connections in the phases HANDSHAKE and HEADERS, each with the time at which the
        phase began. The first connection has waited the longest.
        """
        self._idle: dict[Connection, float] = {}
        """The idle connections, each with the time at which it became idle, oldest first."""
        self.deliveries = Deliveries()
        """The answers that are being sent."""
        self.held = 0
        """Number of open connections."""
        self.refused = 0
        """Number of connections that were refused since the process began."""
        self.silent = 0
        """Number of connections that ended because a request did not arrive in time."""
        self._crowded_until = 0.0
        """Time until which the maximum duration of a TLS handshake is YOUNG."""
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(SWEEP, self._sweep)

    def close(self) -> None:
        self._timer.cancel()

    def set_limits(self, limit: int, total: int) -> None:
        """Changes the limits of new connections, per address and of all addresses."""
        self._counts.limit, self._total = limit, total
        self._handshakes.limit = max(1, limit // HANDSHAKES)

    def count(self, address: str) -> tuple[int, int]:
        """Returns the numbers of connections of the address and of its network."""
        return self._counts.count(address)

    @property
    def middleware(self) -> Middleware:
        """The middleware that records the requests of each connection and sends their answers. It
        must be the outermost middleware.
        """

        @web.middleware
        async def follow(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._open.get(request.protocol)
            if connection is None:
                return await handler(request)
            connection.begin(request)
            request[CONNECTION] = connection
            try:
                response = await handler(request)
                try:
                    await send(request, response)
                except TooManyRequests as refusal:
                    return json_refusal(refusal)
                return response
            finally:
                connection.finish()

        return follow

    # Connections

    def admit(self, connection: Connection, address: str, phase: Phase) -> bool:
        """Returns whether a new connection is accepted. An accepted connection is counted until it
        is lost. `phase`: HANDSHAKE or HEADERS.
        """
        connection.address = address
        connection.trusted = is_in(address, self._trusted)
        if not connection.trusted and not self._count(connection, phase):
            self.refused += 1
            return False
        connection.phase = phase
        self.held += 1
        if self._total is not None and self.held > self._total and not self._make_place():
            self.lost(connection, None)
            self.refused += 1
            return False
        self._waiting[connection] = self._loop.time()
        if self._handshakes.held > HANDSHAKES_CROWDED:
            self._crowd()
        return True

    def cut(self, network: IPNetwork) -> None:
        """Ends the connections of a network. Connections of trusted proxies stay open."""
        for connection in list(self._open.values()):
            if not connection.trusted and is_in(connection.address, (network,)):
                connection.abort()

    def made(self, connection: Connection, handler: web.RequestHandler) -> None:
        """Registers a connection that is ready for requests: its TLS handshake, if any, is
        complete.
        """
        self._open[handler] = connection
        if connection.phase is Phase.HANDSHAKE:
            self.enter(connection, Phase.HEADERS)

    def enter(self, connection: Connection, phase: Phase) -> None:
        """Changes the phase of an accepted connection."""
        before = connection.phase
        if before is Phase.LOST or before is Phase.NEW:
            return
        if before is Phase.IDLE:
            self._idle.pop(connection, None)
        else:
            self._waiting.pop(connection, None)
        if before is Phase.HANDSHAKE and connection.counted:
            self._handshakes.release(connection.address)
        connection.phase = phase
        if phase is Phase.HEADERS:
            self._waiting[connection] = self._loop.time()
        elif phase is Phase.IDLE and not connection.trusted:
            self._idle[connection] = self._loop.time()  # aiohttp ends the others

    def lost(self, connection: Connection, handler: web.RequestHandler | None) -> None:
        """Forgets a connection."""
        if connection.phase in (Phase.NEW, Phase.LOST):
            return
        self.enter(connection, Phase.LOST)
        if connection.counted:
            connection.counted = False
            self._counts.release(connection.address)
        self.held -= 1
        if handler is not None:
            self._open.pop(handler, None)

    def sending(
        self, connection: Connection, request: web.Request, size: int
    ) -> AbstractContextManager[None]:
        """Returns the context in which an answer of `size` bytes is sent (`Deliveries.sending`)."""
        transport = connection.transport
        assert transport is not None
        address = connection.address
        if connection.trusted:  # a proxy: the limits apply to its clients
            address = client_through(request, self._trusted).address
        delivery = Delivery(transport, request.writer, self._loop.time())
        return self.deliveries.sending(delivery, address, size)

    def _count(self, connection: Connection, phase: Phase) -> bool:
        address = connection.address
        if not self._counts.acquire(address):
            return False
        if phase is Phase.HANDSHAKE and not self._handshakes.acquire(address):
            self._counts.release(address)
            return False
        connection.counted = True
        return True

    def _make_place(self) -> bool:
        """Ends the connection that has waited the longest without a request, if any. Returns
        whether a connection has ended.
        """
        now = self._loop.time()
        for waiting, patience in ((self._waiting, YOUNG), (self._idle, 0.0)):
            for connection, since in waiting.items():
                if now - since >= patience:
                    del waiting[connection]
                    connection.end()
                    return True
                break
        return False

    def _crowd(self) -> None:
        """Limits the duration of all TLS handshakes to YOUNG seconds, for the next HANDSHAKE
        seconds.
        """
        now = self._loop.time()
        if now >= self._crowded_until:
            self._timer.cancel()
            self._timer = self._loop.call_later(SWEEP_CROWDED, self._sweep)
        self._crowded_until = now + HANDSHAKE

    def _sweep(self) -> None:
        now = self._loop.time()
        crowded = now < self._crowded_until
        self._timer = self._loop.call_later(SWEEP_CROWDED if crowded else SWEEP, self._sweep)
        self.deliveries.end_stalled(now)
        if crowded:
            for connection in _older(self._waiting, now - YOUNG):
                if connection.phase is Phase.HANDSHAKE and not connection.trusted:
                    del self._waiting[connection]
                    self.silent += 1
                    connection.end()
        for waiting, limit in ((self._waiting, SILENT), (self._idle, IDLE)):
            for connection in _older(waiting, now - limit):
                del waiting[connection]
                self.silent += connection.phase is not Phase.IDLE
                connection.end()


def _older(since: dict[Connection, float], than: float) -> list[Connection]:
    """Returns the connections whose time is before `than`. `since`: connections and times, in
    ascending order of the times.
    """
    found = []
    for connection, entered in since.items():
        if entered > than:
            break
        found.append(connection)
    return found
