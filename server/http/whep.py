"""The door to the WHEP exit: which room a request is for, and how often one address may ask. The
protocol is in relay/whep.py.
"""

import asyncio
import secrets
import time
from typing import TypeVar

from aiohttp import hdrs, web

from relay.errors import OfferError
from relay.stream.stream import Stream
from relay.whep import SDP, SDP_FRAGMENT, WhepExit
from server.errors import BY_STATUS, Conflict, Gone, TooManyRequests
from server.host.ice_servers import ice_servers, links
from server.http.limits import ConnectionLimiter, RateLimiter
from server.http.request import client_of, url_of
from server.rooms.registry import Rooms
from server.settings import Settings

Answer = TypeVar("Answer")

RETRY_IDLE = "5"
"""Seconds until it is worth asking again for a room that is not live yet."""


class Whep:
    """The endpoint `/whep/{room}` and its sessions `/whep/{room}/{session}`. No key is needed to
    watch.
    """

    def __init__(self, rooms: Rooms, whep: WhepExit, settings: Settings) -> None:
        self._rooms = rooms
        self._exit = whep
        self._settings = settings
        self._attempts = RateLimiter(settings.max_whep_per_address_minute, 60.0)
        self._sessions = ConnectionLimiter(settings.max_sockets_per_address)

    def routes(self) -> list[web.RouteDef]:
        endpoint, session = "/whep/{room}{slash:/?}", "/whep/{room}/{session}{slash:/?}"
        return [
            web.post(endpoint, self.play),
            web.options(endpoint, self.options),
            web.get(endpoint, self.discover),
            web.patch(session, self.trickle),
            web.delete(session, self.end),
            web.options(session, self.options),
            web.get(session, self.discover),
        ]

    async def play(self, request: web.Request) -> web.Response:
        """POST of an offer. 409 while the room is not live yet, 410 once it is over."""
        address = client_of(request, self._settings).address
        wait = self._attempts.try_take(address, asyncio.get_running_loop().time())
        if wait:
            raise TooManyRequests("too many attempts to play from this address", wait)
        stream = await self._stream(request)
        if not stream.tracks:
            raise Conflict(
                "this room is not live yet: try again, or wait for its event on the WebSocket",
                {hdrs.RETRY_AFTER: RETRY_IDLE},
            )
        if not self._sessions.acquire(address):
            raise TooManyRequests("too many sessions of this address", 5)
        begun = False

        def location(session_id: str) -> str:
            nonlocal begun
            begun = True  # from here on the exit tells when it is over
            return url_of(request, f"/whep/{stream.name}/{session_id}", self._settings)

        try:
            response = await self._exit.play(
                request, stream, location, lambda: self._sessions.release(address), self._links()
            )
        except OfferError as error:
            raise BY_STATUS[error.status](str(error)) from error
        finally:
            if not begun:
                self._sessions.release(address)
        return response

    async def end(self, request: web.Request) -> web.Response:
        """DELETE of a session."""
        try:
            return await self._exit.end(request.match_info["session"], await self._stream(request))
        except OfferError as error:
            raise BY_STATUS[error.status](str(error)) from error

    async def trickle(self, request: web.Request) -> web.Response:
        """PATCH of a session with candidates."""
        try:
            return await self._exit.trickle(
                request, request.match_info["session"], await self._stream(request)
            )
        except OfferError as error:
            raise BY_STATUS[error.status](str(error)) from error

    async def options(self, request: web.Request) -> web.Response:
        """What may be sent here; cross-origin headers are added to every answer elsewhere."""
        if "session" in request.match_info:
            return web.Response(
                status=204,
                headers={"Accept-Patch": SDP_FRAGMENT, hdrs.ALLOW: "PATCH, DELETE, OPTIONS, GET"},
            )
        return web.Response(
            status=204, headers={"Accept-Post": SDP, hdrs.ALLOW: "POST, OPTIONS, GET"}
        )

    async def discover(self, request: web.Request) -> web.Response:
        """GET and HEAD: success without content, so that a player knows what this address
        speaks.
        """
        await self._rooms.find(request.match_info["room"])
        return web.Response(content_type=SDP)

    def _links(self) -> list[str]:
        # A name for each viewer: by the room's, viewers would use up each other's quota at the TURN
        # server, and the creator's.
        return links(ice_servers(self._settings, f"viewer-{secrets.token_hex(8)}", time.time()))

    async def _stream(self, request: web.Request) -> Stream:
        room = await self._rooms.find(request.match_info["room"])
        if room.ended:
            raise Gone("this room has ended")
        return room.stream
