"""`/ws/{room}`: viewers over WebSockets. relay/PROTOCOL.md describes the messages."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from relay.client_address import keys_of
from relay.errors import RefusalCode
from relay.websocket.counters import WebSocketCounters
from relay.websocket.endpoint import begins_held, watch
from relay.websocket.viewer import WebSocketViewer
from server.errors import BadRequest, TooManyRequests
from server.http.access import Access
from server.http.identity import Identity
from server.http.request import ACCOUNT, client_of
from server.http.sockets import SocketLimiter
from server.rooms.registry import Rooms
from server.settings import Settings

QUERY_LENGTH = 400
"""Maximum length of the query string, characters. The query string describes the player."""
RETRY_CONNECTIONS = 5


class WatchEndpoint:
    """The endpoint `/ws/{room}`. Owns the connected viewers."""

    def __init__(
        self, rooms: Rooms, identity: Identity, access: Access, settings: Settings
    ) -> None:
        self._rooms = rooms
        self._access = access
        self._identity = identity
        self._settings = settings
        self.sockets = SocketLimiter(settings.max_sockets_per_address)
        self.viewers: set[WebSocketViewer] = set()
        """The viewers that are connected at present."""
        self.buffered: set[WebSocketViewer] = set()
        """The viewers for whom bytes may wait in this process. For most viewers, bytes wait only in
        the kernel.
        """
        self.counters = WebSocketCounters()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/{room}", self.watch)]

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Serves one viewer over a WebSocket until the viewer leaves."""
        room = await self._rooms.watch(request.match_info["room"])
        if len(request.query_string) > QUERY_LENGTH:
            raise BadRequest(
                RefusalCode.HELLO_TOO_LONG, f"the query string is over {QUERY_LENGTH} characters"
            )
        address = client_of(request, self._settings).address
        refusal = TooManyRequests(
            RefusalCode.TOO_MANY_CONNECTIONS,
            "too many connections from this address",
            RETRY_CONNECTIONS,
        )
        with (
            self.sockets.open(address, refusal, held=begins_held(request)) as socket,
            self._access.watching(request, room.name) as connection,
        ):

            def opened(viewer: WebSocketViewer) -> None:
                connection.close = viewer.close

            person = self._identity.watching(request, room)
            if request.transport is not None:
                request.transport.set_write_buffer_limits()  # `Connection` sets lower ones
            return await watch(
                request,
                room.channel,
                self.counters,
                self.viewers,
                self.buffered,
                person,
                address=keys_of(address),
                account=request.get(ACCOUNT),
                opened=opened,
                holds=socket.hold,
            )

    def close_viewers(self) -> None:
        """Closes the WebSocket of every viewer with 1001. Players reconnect by themselves."""
        for leave in self.departures():
            leave()

    def departures(self) -> list[Callable[[], None]]:
        """Returns a function for each viewer that closes the viewer's WebSocket with 1001."""
        return [
            partial(viewer.close, RefusalCode.SERVER_CLOSING, "the server is restarting")
            for viewer in self.viewers
        ]
