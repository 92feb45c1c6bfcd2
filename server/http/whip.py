"""WHIP (RFC 9725): publish with one HTTP request. In the order of the RFC's section 4."""

import asyncio
import time

from aiohttp import web

from relay.errors import RefusalCode
from relay.rtc.receive.sdp import parse_offer
from server.errors import Conflict, Gone, NotFound
from server.host.ice_servers import ice_servers
from server.http.auth import require_key
from server.http.limits import RateLimiter
from server.http.request import charge, client_of, url_of
from server.http.signalling import created, read_offer, read_trickle, signalling_routes
from server.ingest.session import IngestSession
from server.rooms.registry import Rooms
from server.rooms.room import Room
from server.settings import Settings


class WhipEndpoint:
    """`/whip/{room}` and its sessions `/whip/{room}/{session}`. Answers announce `hosts`."""

    def __init__(self, rooms: Rooms, settings: Settings, hosts: list[str]) -> None:
        self._rooms = rooms
        self._settings = settings
        self._hosts = hosts
        self._attempts = RateLimiter(settings.max_whip_per_address_minute, 60.0)

    def routes(self) -> list[web.RouteDef]:
        return signalling_routes("/whip", self)

    # §4.2 Ingest session setup

    async def create(self, request: web.Request) -> web.Response:
        """POST of an offer: 201 with the answer, and the session's URL in Location."""
        room = await self._authorised(request)
        offer = parse_offer(await read_offer(request))
        session = room.publish(offer)
        return created(
            session.rtc.answer(self._hosts, max_bitrate=self._settings.video_bitrate),
            url_of(request, f"/whip/{room.name}/{session.id}", self._settings),
            ice_servers(self._settings, room.name, time.time()),
        )

    async def end(self, request: web.Request) -> web.Response:
        """DELETE of a session: answered when it has ended. It ends even if the client leaves."""
        room = await self._authorised(request)
        await asyncio.shield(room.end_session(_session(request, room)))
        return web.Response()

    # §4.3 ICE support

    async def trickle(self, request: web.Request) -> web.Response:
        """PATCH with candidates: 204. For an ICE restart a client POSTs a new offer with the same
        key, which takes over without a gap.
        """
        room = await self._authorised(request)
        await read_trickle(request, _session(request, room).rtc.remote_ufrag)
        return web.Response(status=204)

    # §4.1, §4.4

    async def discover(self, request: web.Request) -> web.Response:
        """GET and HEAD are reserved: 204 if there is such a room."""
        await self._rooms.find(request.match_info["room"])
        return web.Response(status=204)

    async def _authorised(self, request: web.Request) -> Room:
        """The room, if the request carries its key (§4.7)."""
        address = client_of(request, self._settings).address
        charge(self._attempts, address, "too many attempts to publish from this address")
        name = request.match_info["room"]
        require_key(request, await self._rooms.key_hash(name))
        try:
            return await self._rooms.find(name)
        except Gone as error:
            raise Conflict(RefusalCode.ROOM_ENDED, "this room has ended: create another") from error


def _session(request: web.Request, room: Room) -> IngestSession:
    """Raises NotFound."""
    session = room.find_session(request.match_info["session"])
    if session is None:
        raise NotFound(
            RefusalCode.SESSION_NOT_FOUND,
            "no such session: it has ended, or another has taken the room over",
        )
    return session
