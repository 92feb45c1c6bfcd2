"""`/api/rooms/{room}/replay`: what is kept of a live, and the creator's choice."""

import asyncio
from dataclasses import replace

from aiohttp import web
from pydantic import BaseModel

from relay.errors import RefusalCode
from server.errors import NotFound
from server.http.json_body import read_model, read_object
from server.http.payloads import reply
from server.http.requester import Requesters
from server.recordings.policy import Keep
from server.recordings.recordings import Recordings
from server.recordings.replay import Replay
from server.rooms.commands.replay import ChangeReplay, ReadReplay
from server.rooms.registry import Rooms


class KeepReplay(BaseModel):
    """The body of PUT /api/rooms/{room}/replay."""

    keep: Keep


class ReplayEndpoint:
    """The endpoint `/api/rooms/{room}/replay`."""

    def __init__(self, rooms: Rooms, recordings: Recordings, requesters: Requesters) -> None:
        self._rooms = rooms
        self._recordings = recordings
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms/{room}/replay", self.read),
            web.put("/api/rooms/{room}/replay", self.keep),
            web.delete("/api/rooms/{room}/replay", self.delete),
        ]

    async def read(self, request: web.Request) -> web.Response:
        """Returns what is kept. Only the creator learns why a recording stopped."""
        room = request.match_info["room"]
        reader = await self._rooms.ask(room, ReadReplay(self._requesters.reading(request)))
        found = await self._recordings.describe(room)
        return reply(Replay, found if reader.creator else replace(found, note=""))

    async def keep(self, request: web.Request) -> web.Response:
        """Changes what is kept, even if the client disconnects before the answer is sent."""
        room = await self._authorised(request)
        body = read_model(KeepReplay, await read_object(request), RefusalCode.BAD_KEEP)
        if not await asyncio.shield(self._recordings.choose(room, body.keep)):
            raise NotFound(RefusalCode.NO_REPLAY, "nothing of this live was kept")
        return reply(Replay, await self._recordings.describe(room))

    async def delete(self, request: web.Request) -> web.Response:
        """Deletes the replay, even if the client disconnects before the answer is sent."""
        room = await self._authorised(request)
        await asyncio.shield(self._recordings.delete(room))
        return web.Response(status=204)

    async def _authorised(self, request: web.Request) -> str:
        """Returns the name of the room, if the sender is its creator."""
        room = request.match_info["room"]
        await self._rooms.ask(room, ChangeReplay(await self._requesters.writing(request)))
        return room
