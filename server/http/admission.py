"""Refuses new creators and viewers while the server is full, before the server reads the bodies of
their requests.
"""

import asyncio

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from relay.hls.endpoint import Renditions
from server.errors import Unavailable
from server.host.admission import BEGIN_WEBRTC, BEGIN_WEBSOCKET, Admission
from server.rooms.in_memory import RoomsInMemory

HELD = 0.5
"""Time for which the answer to a refused request is held back, seconds. With this delay, a client
that repeats its request at once causes little load.
"""
MAX_HELD = 2_000
"""Maximum number of answers that are held back at a time."""


class Admissions:
    """Asks `admission` about each request that begins or joins a live."""

    def __init__(self, admission: Admission, rooms: RoomsInMemory, renditions: Renditions) -> None:
        self.admission = admission
        self._rooms = rooms
        self._renditions = renditions
        self._held = 0

    @property
    def middleware(self) -> Middleware:
        """The middleware that refuses requests. It must run before the body is read."""

        @web.middleware
        async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
            if refusal := self._refusal(request):
                await self._hold()
                raise refusal
            return await handler(request)

        return admit

    def take_creator(self, room: str) -> None:
        """Counts a creator whose request is authorised and complete. Raises Unavailable if the
        server has become full since the request began.
        """
        if wait := self.admission.take_creator(returning=self._rooms.is_on_air(room)):
            raise _full_for_creators(wait)

    def _refusal(self, request: web.Request) -> Unavailable | None:
        resource, admission = request.match_info.route.resource, self.admission
        room = request.match_info.get("room", "")
        match request.method, resource.canonical if resource else "":
            case "POST", "/api/rooms":
                wait = admission.check_creator(returning=False)
                return _full_for_creators(wait) if wait else None
            case "POST", "/whip/{room}" | "/whip/{room}{slash}":
                wait = admission.check_creator(returning=self._rooms.is_on_air(room))
                return _full_for_creators(wait) if wait else None
            case "POST", "/whep/{room}" | "/whep/{room}{slash}":
                wait = room in self._rooms and admission.take_viewer(BEGIN_WEBRTC)
                return _full_for_viewers(wait) if wait else None
            case hdrs.METH_GET, "/ws/{room}":
                joins = room in self._rooms and request.query.get("media") != "0"
                wait = joins and admission.take_viewer(BEGIN_WEBSOCKET)
                return _full_for_viewers(wait) if wait else None
            case hdrs.METH_GET | hdrs.METH_HEAD, "/hls/{room}/{path}":
                if room not in self._rooms or self._renditions.find(room):
                    return None
                wait = admission.check_creator(returning=False)
                return _full_for_viewers(wait) if wait else None
        return None

    async def _hold(self) -> None:
        if self._held >= MAX_HELD:
            return
        self._held += 1
        try:
            await asyncio.sleep(HELD)
        finally:
            self._held -= 1


def _full_for_creators(wait: int) -> Unavailable:
    return Unavailable(
        RefusalCode.SERVER_FULL,
        f"the server carries as many lives as it can: try again in {wait} s",
        wait,
    )


def _full_for_viewers(wait: int) -> Unavailable:
    return Unavailable(
        RefusalCode.SERVER_FULL,
        f"the server carries as many viewers as it can on this path: try again in {wait} s",
        wait,
    )
