"""`/api/rooms/{room}/summary`: the summary of an ended live."""

from aiohttp import web

from server.http.payloads import reply
from server.http.requester import Requesters
from server.rooms.commands.summary import ReadSummary
from server.rooms.registry import Rooms


class SummaryEndpoint:
    """The endpoint `/api/rooms/{room}/summary`."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/rooms/{room}/summary", self.read)]

    async def read(self, request: web.Request) -> web.Response:
        """Returns everything to the creator, and the public part to other people."""
        command = ReadSummary(self._requesters.reading(request))
        found = await self._rooms.ask(request.match_info["room"], command)
        return reply(type(found), found)
