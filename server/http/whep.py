"""WHEP (draft-ietf-wish-whep): a client starts to play with one HTTP request, and needs no key.

The methods are in the order of the draft's section 4.
"""

from time import monotonic

from aiohttp import web

from relay.channel.channel import Channel
from relay.errors import RefusalCode
from relay.whep import RETRY_CONNECTING, WhepSession, WhepSessions
from server.errors import Conflict, TooManyRequests, Unprocessable
from server.host.ice_servers import Role
from server.http.access import Access
from server.http.limits import ConnectionLimiter
from server.http.request import client_of, url_of
from server.http.signalling import (
    SDP,
    changed,
    created,
    read_fragment,
    read_offer,
    signalling_routes,
)
from server.http.turn import turn_servers
from server.rooms.commands.room import RequireOpen
from server.rooms.registry import Rooms
from server.settings import Settings

RETRY_IDLE = 5
"""Seconds after which a player may retry if the room is not live yet."""
RETRY_SESSIONS = 5


class WhepEndpoint:
    """The endpoint `/whep/{room}` and its sessions `/whep/{room}/{session}`."""

    def __init__(
        self, rooms: Rooms, sessions: WhepSessions, access: Access, settings: Settings
    ) -> None:
        self._rooms = rooms
        self._access = access
        self._sessions = sessions
        self._settings = settings
        self.held = ConnectionLimiter(settings.max_sockets_per_address)
        """Limiter of the number of sessions of each address."""
        self.connecting = ConnectionLimiter(settings.max_connecting_whep_per_address)
        """Limiter of the number of sessions of each address that are not connected yet."""

    def routes(self) -> list[web.RouteDef]:
        return signalling_routes("/whep", self)

    # §4.2 Playback session setup

    async def create(self, request: web.Request) -> web.Response:
        """Handles a POST of an offer. Responds 201 with the SDP answer and the session's URL in
        Location. Responds 409 if the room is not live yet, and 410 if the room has ended.
        """
        await self._live_channel(request)
        offer = await read_offer(request)
        channel = await self._live_channel(request)  # the room may have ended meanwhile
        session = self._open(request, channel, offer)
        return created(
            session.answer,
            url_of(request, f"/whep/{channel.name}/{session.id}", self._settings),
            session.rtc,
            turn_servers(request, self._settings, Role.VIEWER),
        )

    async def end(self, request: web.Request) -> web.Response:
        """Handles a DELETE of a session. Responds when the session has ended. The session ends even
        if the client disconnects before the answer is sent. A session that ended within the last
        minute needs no end, even if the room has ended too.
        """
        room, session = request.match_info["room"], request.match_info["session"]
        if not self._sessions.ended.has(session, room, monotonic()):
            await self._sessions.end(await self._session(request))
        return web.Response()

    # §4.3 ICE support

    async def change(self, request: web.Request) -> web.Response:
        """Handles a PATCH of a session. Responds 204 to candidates, and 200 to an ICE restart, with
        the server's end of the new ICE session.
        """
        await self._session(request)
        if request.content_type == SDP:
            raise Unprocessable(
                RefusalCode.NO_COUNTER_OFFER,
                "the server made no counter-offer, so it expects no answer: POST a new offer",
            )
        fragment = await read_fragment(request)
        session = await self._session(request)  # it may have ended meanwhile
        return changed(request, fragment, session.rtc, self._sessions.hosts)

    async def discover(self, request: web.Request) -> web.Response:
        """Handles GET and HEAD. Responds without a body. The Content-Type header names the type
        that a client may POST.
        """
        await self._rooms.ask(request.match_info["room"], RequireOpen())
        return web.Response(content_type=SDP)

    def _open(self, request: web.Request, channel: Channel, offer: str) -> WhepSession:
        """Opens a session. The session counts toward the limit of the address until the session
        ends.
        """
        address = client_of(request, self._settings).address
        if not self.held.acquire(address):
            raise TooManyRequests(
                RefusalCode.TOO_MANY_SESSIONS, "too many sessions of this address", RETRY_SESSIONS
            )
        if not self.connecting.acquire(address):
            self.held.release(address)
            self._sessions.counters.refused += 1
            raise TooManyRequests(
                RefusalCode.TOO_MANY_SESSIONS,
                "too many sessions of this address are connecting",
                RETRY_CONNECTING,
            )
        connection = self._access.add(request, channel.name)

        def ended() -> None:
            self.held.release(address)
            self._access.remove(connection)

        try:
            session = self._sessions.open(
                channel,
                offer,
                on_ended=ended,
                on_settled=lambda: self.connecting.release(address),
                address=address,
            )
            connection.close = lambda code, text: self._sessions.end_soon(session)
            return session
        except BaseException:
            self._access.remove(connection)
            self.connecting.release(address)
            self.held.release(address)
            raise

    async def _live_channel(self, request: web.Request) -> Channel:
        channel = (await self._rooms.watch(request.match_info["room"])).channel
        if not channel.stream.tracks:
            raise Conflict(
                RefusalCode.ROOM_NOT_LIVE,
                "this room is not live yet: try again, or wait for its event on the WebSocket",
                RETRY_IDLE,
            )
        return channel

    async def _session(self, request: web.Request) -> WhepSession:
        room = await self._rooms.watch(request.match_info["room"])
        return self._sessions.find(request.match_info["session"], room.channel)
