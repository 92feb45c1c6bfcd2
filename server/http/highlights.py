"""`/api/rooms/{room}/highlights`: the best moments of a live."""

from aiohttp import web

from server.http.payloads import reply
from server.http.requester import Requesters
from server.rooms.commands.highlights import BestMoments, ReadHighlights
from server.rooms.registry import Rooms


class HighlightsEndpoint:
    """The endpoint `/api/rooms/{room}/highlights`."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/rooms/{room}/highlights", self.read)]

    async def read(self, request: web.Request) -> web.Response:
        """Returns the best moments: of a running live to its creator, of an ended live to all."""
        command = ReadHighlights(self._requesters.reading(request))
        found = await self._rooms.ask(request.match_info["room"], command)
        return reply(BestMoments, found)
