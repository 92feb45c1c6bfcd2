"""Server-sent events and notices by POST, for viewers without a WebSocket (relay/PROTOCOL.md)."""

import asyncio
import json
from collections.abc import Callable
from functools import partial

from aiohttp import hdrs, web

from relay.channel.event_stream import EventStream, StreamState
from relay.channel.hello import hello
from relay.channel.notice import MAX_BYTES, PER_SECOND
from relay.errors import MessageError, RefusalCode
from server.errors import BadRequest, NotFound, TooLarge, TooManyRequests
from server.http.access import Access
from server.http.identity import Identity
from server.http.request import client_of, read_body
from server.http.sockets import SocketLimiter
from server.http.watch import RETRY_CONNECTIONS
from server.rooms.commands.room import RequireOpen
from server.rooms.registry import Rooms
from server.settings import Settings

CHECK_EVERY = 5.0
"""Interval at which the server checks whether the client of an idle event stream has left, seconds.
"""
PING_CHECKS = 3
"""Number of consecutive checks without an event after which the server sends a comment. The comment
keeps proxies from closing the idle stream.
"""
TAKE_WITHIN = 15.0
"""Time after which the server ends an event stream whose client reads no data, seconds."""
COMMENT = b": ping\n\n"


class EventsEndpoint:
    """The endpoints `/api/rooms/{room}/events` and `/api/rooms/{room}/notices`. Owns the open event
    streams.
    """

    def __init__(
        self,
        rooms: Rooms,
        sockets: SocketLimiter,
        identity: Identity,
        access: Access,
        settings: Settings,
    ) -> None:
        """`sockets`: limits the event streams and the WebSockets of an address together."""
        self._rooms = rooms
        self._sockets = sockets
        self._identity = identity
        self._access = access
        self._settings = settings
        self._streams: dict[tuple[str, str], EventStream] = {}
        """The open event streams, by room name and secret viewer id."""
        self.dropped_notices = 0
        """Number of notices that were dropped because a viewer sent too many notices."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms/{room}/events", self.listen, allow_head=False),
            web.post("/api/rooms/{room}/notices", self.notify),
        ]

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Serves the event stream of one viewer until the viewer leaves."""
        room = await self._rooms.watch(request.match_info["room"])
        refusal = TooManyRequests(
            RefusalCode.TOO_MANY_CONNECTIONS,
            "too many connections from this address",
            RETRY_CONNECTIONS,
        )
        with (
            self._sockets.open(client_of(request, self._settings).address, refusal),
            self._access.watching(request, room.name) as connection,
        ):
            response = web.StreamResponse(headers={hdrs.CACHE_CONTROL: "no-store"})
            response.content_type = "text/event-stream"
            response.headers["X-Accel-Buffering"] = "no"  # otherwise nginx buffers events
            # Subscribe before the response starts: once it has started, the server cannot refuse
            # the request.
            stream = EventStream(room.channel)
            connection.close = stream.close
            stream.open(
                hello(room.channel),
                request.headers.get("Last-Event-ID", ""),
                person=self._identity.watching(request, room),
            )
            self._streams[room.name, stream.id] = stream
            try:
                await response.prepare(request)
                await _send(request, response, stream)
            except (ConnectionError, TimeoutError):
                if request.transport:
                    request.transport.abort()
            finally:
                del self._streams[room.name, stream.id]
                stream.leave()
            return response

    async def notify(self, request: web.Request) -> web.Response:
        """Handles a notice of a viewer that has an event stream. Responds 204, or 200 if the notice
        has an answer.
        """
        await self._rooms.ask(request.match_info["room"], RequireOpen())
        key = request.match_info["room"], request.query.get("viewer", "")
        stream = self._streams.get(key)
        if stream is None:
            raise NotFound(
                RefusalCode.SESSION_NOT_FOUND, "no such viewer: open the event stream again"
            )
        if not stream.allows():
            self.dropped_notices += 1
            raise TooManyRequests(
                RefusalCode.RATE_LIMITED, f"more than {PER_SECOND} notices a second"
            )
        if (request.content_length or 0) > MAX_BYTES:
            raise TooLarge(RefusalCode.BODY_TOO_LARGE, f"the notice is over {MAX_BYTES} bytes")
        body = await read_body(request)
        if len(body) > MAX_BYTES:
            raise TooLarge(RefusalCode.BODY_TOO_LARGE, f"the notice is over {MAX_BYTES} bytes")
        try:
            answer = stream.receive_text(body.decode())
        except (MessageError, UnicodeDecodeError) as error:
            raise BadRequest(RefusalCode.BAD_NOTICE, "the protocol has no such notice") from error
        if answer is None:
            return web.Response(status=204)
        return web.json_response(text=json.dumps(answer))

    def close_streams(self) -> None:
        """Ends every event stream. Browsers reconnect by themselves."""
        for leave in self.departures():
            leave()

    def departures(self) -> list[Callable[[], None]]:
        """Returns a function for each event stream that ends the stream."""
        return [
            partial(stream.close, RefusalCode.SERVER_CLOSING, "the server is restarting")
            for stream in self._streams.values()
        ]


async def _send(request: web.Request, response: web.StreamResponse, stream: EventStream) -> None:
    """Sends events until the stream ends. Raises ConnectionError if the client has left,
    TimeoutError if the client reads no data.
    """
    idle = 0
    while True:
        chunk = await stream.take(CHECK_EVERY)
        if stream.state is StreamState.TOO_SLOW:
            raise TimeoutError
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError
        idle = 0 if chunk else idle + 1
        if idle == PING_CHECKS:
            idle, chunk = 0, COMMENT
        if chunk:
            async with asyncio.timeout(TAKE_WITHIN):
                await response.write(chunk)
        if stream.state is StreamState.ENDING:
            return
