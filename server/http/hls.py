"""The door to the HLS exit: finds the room, and counts what an address may keep waiting."""

from aiohttp import hdrs, web

from relay.errors import PlaylistError
from relay.hls.endpoint import NEVER, Hls
from relay.hls.rendition import Rendition
from relay.stream.hub import Hub
from server.errors import Gone, TooManyRequests
from server.http.limits import ConnectionLimiter
from server.http.request import client_of
from server.rooms.registry import Rooms
from server.settings import Settings


class HlsDoor:
    """`/hls/{room}/…`. Owns the exit; `close()` ends it."""

    def __init__(self, rooms: Rooms, hub: Hub, settings: Settings) -> None:
        self._rooms = rooms
        self._hub = hub
        self._settings = settings
        self._requests = ConnectionLimiter(settings.max_sockets_per_address)
        self.exit = Hls()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/hls/{room}/{path:.+}", self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """A playlist or media. Whoever left while it waited gets an answer that nobody reads."""
        address = client_of(request, self._settings).address
        if not self._requests.acquire(address):
            raise TooManyRequests("too many requests at a time from this address", 1)
        try:
            path = request.match_info["path"]
            rendition = await self._rendition(request.match_info["room"], path)
            client = f"{address} {request.headers.get(hdrs.USER_AGENT, '')[:200]}"
            return await self.exit.respond(request, rendition, path, client)
        except PlaylistError as error:
            headers = {hdrs.CACHE_CONTROL: NEVER, hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*"}
            if error.status == 503:
                headers[hdrs.RETRY_AFTER] = "1"
            return web.Response(status=error.status, text=str(error), headers=headers)
        except ConnectionResetError:
            return web.Response(status=400)
        finally:
            self._requests.release(address)

    async def close(self) -> None:
        await self.exit.close()

    async def _rendition(self, room: str, path: str) -> Rendition:
        """The room's rendition. Raises NotFound, Gone, PlaylistError. One of a room that has ended
        plays to its end for who is watching.
        """
        found = self.exit.find(room)
        try:
            name = (await self._rooms.find(room)).name
        except Gone:
            if found and not found.over:
                return found
            raise
        stream = self._hub.get(name)
        if stream is None:
            raise Gone("this room has ended")
        return self.exit.open(stream, path)
