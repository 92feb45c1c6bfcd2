"""WHIP (RFC 9725): a client starts to publish with one HTTP request.

The methods are in the order of the RFC's section 4.
"""

import asyncio
from time import monotonic

from aiohttp import web

from relay.client_address import keys_of
from relay.errors import Refusal, RefusalCode
from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.receive.sdp import parse_offer
from server.host.ice_servers import Role
from server.http.admission import Admissions
from server.http.auth import bearer_token
from server.http.request import client_of, url_of
from server.http.signalling import changed, created, read_fragment, read_offer, signalling_routes
from server.http.turn import turn_servers
from server.memory.budget import MemoryBudget
from server.rooms.commands.room import AuthorisePublishing, EndSession, RequireOpen
from server.rooms.registry import Rooms
from server.settings import Settings


class WhipEndpoint:
    """The endpoint `/whip/{room}` and its sessions `/whip/{room}/{session}`. SDP answers contain a
    candidate for each of `hosts`.
    """

    def __init__(
        self,
        rooms: Rooms,
        memory: MemoryBudget,
        admissions: Admissions,
        settings: Settings,
        hosts: list[str],
        ended: EndedSessions,
    ) -> None:
        """`ended`: the sessions that have ended."""
        self._rooms = rooms
        self._memory = memory
        self._admissions = admissions
        self._settings = settings
        self._hosts = hosts
        self._ended = ended

    def routes(self) -> list[web.RouteDef]:
        return signalling_routes("/whip", self)

    # §4.2 Ingest session setup

    async def create(self, request: web.Request) -> web.Response:
        """Handles a POST of an offer. Responds 201 with the SDP answer and the session's URL in
        Location.
        """
        name, key = request.match_info["room"], bearer_token(request)
        room = await self._rooms.publishable(name, key)
        self._rooms.acceptance.require_publisher(on_air=room.on_air)
        offer = parse_offer(await read_offer(request))
        creator = keys_of(client_of(request, self._settings).address)
        self._memory.take_creator(room, creator)
        self._admissions.take_creator(room.name)
        session = room.publish(offer, creator)
        return created(
            session.answer(self._hosts, max_bitrate=self._settings.video_bitrate),
            url_of(request, f"/whip/{room.name}/{session.id}", self._settings),
            session.rtc,
            turn_servers(request, self._settings, Role.CREATOR),
        )

    async def end(self, request: web.Request) -> web.Response:
        """Handles a DELETE of a session. Responds when the session has ended. The session ends even
        if the client disconnects before the answer is sent. A session that ended within the last
        minute needs no end, even if the room has ended too.
        """
        room, session = request.match_info["room"], request.match_info["session"]
        command = EndSession(bearer_token(request), session)
        try:
            await asyncio.shield(self._rooms.ask(room, command))
        except Refusal as refusal:
            over = refusal.code in (RefusalCode.SESSION_NOT_FOUND, RefusalCode.ROOM_ENDED)
            if not over or not self._ended.has(session, room, monotonic()):
                raise
        return web.Response()

    # §4.3 ICE support

    async def change(self, request: web.Request) -> web.Response:
        """Handles a PATCH of a session. Responds 204 to candidates, and 200 to an ICE restart, with
        the server's end of the new ICE session.
        """
        name, key = request.match_info["room"], bearer_token(request)
        await self._rooms.ask(name, AuthorisePublishing(key))
        fragment = await read_fragment(request)
        session = await self._rooms.session(name, key, request.match_info["session"])
        return changed(request, fragment, session.rtc, self._hosts)

    # §4.1, §4.4

    async def discover(self, request: web.Request) -> web.Response:
        """Handles GET and HEAD, which the RFC reserves. Responds 204 if the room exists and has not
        ended.
        """
        await self._rooms.ask(request.match_info["room"], RequireOpen())
        return web.Response(status=204)
