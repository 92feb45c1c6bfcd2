"""LL-HLS: finds the room of a request, limits the simultaneous requests of each address, and
answers requests for ranges and for what the client has already.
"""

from aiohttp import hdrs, web

from relay.client_address import keys_of
from relay.errors import RefusalCode
from relay.hls.endpoint import Renditions
from relay.hls.rendition import Rendition
from relay.hls.sliced_body import body_size
from relay.worker.workers import Workers
from server.errors import Gone, TooManyRequests
from server.http.access import PASS_KEY
from server.http.connections import send
from server.http.limits import ConnectionLimiter
from server.http.ranged import as_requested
from server.http.request import client_of, connection_of
from server.rooms.registry import Rooms
from server.settings import Settings


class HlsEndpoint:
    """The endpoint `/hls/{room}/…`. Owns the renditions; `close()` ends the renditions."""

    def __init__(self, rooms: Rooms, workers: Workers, settings: Settings) -> None:
        self._rooms = rooms
        self._settings = settings
        self.requests = ConnectionLimiter(settings.max_sockets_per_address)
        """Limiter of the number of simultaneous requests of each address."""
        self.renditions = Renditions(workers)

    def routes(self) -> list[web.RouteDef]:
        path = "/hls/{room}/{path:.+}"
        return [web.get(path, self.get), web.options(path, self.options)]

    async def options(self, _: web.Request) -> web.Response:
        """Names the methods."""
        return web.Response(status=204, headers={hdrs.ALLOW: "GET, HEAD, OPTIONS"})

    async def get(self, request: web.Request) -> web.Response:
        """Returns a playlist, an init segment, a segment or a part."""
        address = client_of(request, self._settings).address
        path = request.match_info["path"]
        refusal = TooManyRequests(
            RefusalCode.TOO_MANY_REQUESTS, "too many requests at a time from this address"
        )
        with connection_of(self.requests, address, refusal):
            rendition = await self._rendition(request.match_info["room"], path)
            household = keys_of(address).address
            client = f"{household} {request.headers.get(hdrs.USER_AGENT, '')[:200]}"
            try:
                whole = await self.renditions.respond(request, rendition, path, client, household)
            except ConnectionResetError:  # the waiting client left: no one reads this answer
                return web.Response(status=400)
            admitted = request.get(PASS_KEY)
            if admitted is not None and admitted.admission.private:
                caching = whole.headers[hdrs.CACHE_CONTROL]
                whole.headers[hdrs.CACHE_CONTROL] = caching.replace("public", "private")
            response = as_requested(request, whole)
            if request.method == hdrs.METH_GET:
                self.renditions.counters.octets += body_size(response)
            # A request counts until its answer is sent. A client that reads no answers thus reaches
            # its limit.
            await send(request, response, shared=True)
            return response

    async def close(self) -> None:
        await self.renditions.close()

    async def _rendition(self, name: str, path: str) -> Rendition:
        """Returns the rendition of a room. Raises NotFound, Gone or PlaylistError.

        Viewers can play the rendition to its end after the room has ended.
        """
        try:
            room = await self._rooms.local(name)
        except Gone:
            found = self.renditions.find(name)
            if found and not found.over:
                return found
            raise
        return await self.renditions.open(room.channel, path, room.creator)
