"""`/api/rooms/{room}/minutes`: adds a minute to the length of a live."""

import asyncio

from aiohttp import web

from server.http.payloads import reply
from server.http.requester import Requesters
from server.rooms.commands.countdown import AddMinute, CountdownEnd
from server.rooms.registry import Rooms


class CountdownEndpoint:
    """The endpoint `/api/rooms/{room}/minutes`."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/rooms/{room}/minutes", self.add)]

    async def add(self, request: web.Request) -> web.Response:
        """Adds a minute, even if the client disconnects before the answer is sent."""
        by = await self._requesters.writing(request)
        end = await asyncio.shield(self._rooms.ask(request.match_info["room"], AddMinute(by)))
        return reply(CountdownEnd, end)
