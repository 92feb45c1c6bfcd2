"""The files of an ended live: for its creator below `/api/rooms/{room}/export`, and for the
operator below `/api/admin/rooms/{room}/export`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import Field

from relay.errors import BitstreamError, RefusalCode
from server.errors import Conflict, Forbidden, NotFound, TooManyRequests
from server.http.admin import Authorise
from server.http.limits import ConnectionLimiter
from server.http.payloads import Payload, reply
from server.http.request import connection_of
from server.http.requester import Requesters
from server.objects.errors import ObjectMissing, ObjectsError
from server.objects.objects import Objects
from server.recordings.export import Body, Export
from server.recordings.recordings import Recordings
from server.rooms.commands.replay import ReadReplay
from server.rooms.commands.room import Describe
from server.rooms.life import State
from server.rooms.registry import Rooms
from server.storage.errors import StorageError
from server.storage.storage import Storage

logger = logging.getLogger(__name__)

AT_ONCE, EACH = 4, 2
"""Maximum number of files that are sent at the same time: of all lives, and of one live."""
RETRY = 10.0
"""Seconds after which a refused download may be tried again."""
WITHIN = 4 * 3_600.0
"""Maximum seconds for one file."""
STORED_WITHIN = 5.0
"""Maximum seconds to wait for the last segments of a live that has just ended."""


class ExportFileBody(Payload):
    """One file of an export."""

    name: str
    url: str
    type: str
    seconds: Annotated[float, Field(description="duration of the video; 0 for other files")]
    why: Annotated[str, Field(description="what the file contains, and why a new video begins")]


class ExportBody(Payload):
    """The files of an ended live."""

    room: str
    files: list[ExportFileBody]


class Exports:
    """Sends the files of ended lives, and limits how many are sent at the same time."""

    def __init__(
        self,
        rooms: Rooms,
        storage: Storage,
        objects: Objects,
        recordings: Recordings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rooms = rooms
        self._storage = storage
        self._objects = objects
        self._recordings = recordings
        self._now = now
        self._at_once = ConnectionLimiter(EACH, AT_ONCE)

    async def list(self, room: str, base: str) -> web.Response:
        """Answers with the files of a live. `base`: the path of this answer."""
        export = await self._open(room)
        files = [
            {
                "name": file.name,
                "url": f"{base}/{file.name}",
                "type": file.content_type,
                "seconds": file.seconds,
                "why": file.why,
            }
            for file in export.files()
        ]
        return reply(ExportBody, {"room": room, "files": files})

    async def send(self, request: web.Request, room: str, name: str) -> web.StreamResponse:
        """Sends one file. Makes the file while it is sent."""
        text, code = "too many downloads at the moment", RefusalCode.TOO_MANY_DOWNLOADS
        with connection_of(self._at_once, room, TooManyRequests(code, text, RETRY)):
            export = await self._open(room)
            kinds = {file.name: file.content_type for file in export.files()}
            body = await _read(export, name)
            first = await anext(body.parts)  # Nothing is sent yet, so an error can be answered.
            response = web.StreamResponse(
                headers={
                    hdrs.CACHE_CONTROL: "no-store",
                    hdrs.CONTENT_TYPE: kinds[name],
                    hdrs.CONTENT_DISPOSITION: f'attachment; filename="{room}-{name}"',
                }
            )
            response.content_length = body.size
            await response.prepare(request)
            try:
                async with asyncio.timeout(WITHIN):
                    await response.write(first)
                    async for part in body.parts:
                        await response.write(part)
            except (ObjectsError, StorageError, BitstreamError, TimeoutError) as error:
                logger.error("room %s: %s was cut off: %s", room, name, error or "too slow")
                if request.transport:
                    request.transport.abort()
            return response

    async def _open(self, room: str) -> Export:
        if (await self._rooms.ask(room, Describe())).state is not State.ENDED:
            raise Conflict(RefusalCode.ROOM_NOT_ENDED, "this live has not ended yet")
        record = await self._storage.rooms.find(room)
        if record is None:
            raise NotFound(RefusalCode.ROOM_NOT_FOUND, f"there is no room {room[:40]!r}")
        with suppress(TimeoutError):
            async with asyncio.timeout(STORED_WITHIN):
                await self._recordings.ended(room)
        export = Export(record, self._storage, self._objects, self._now)
        await export.open()
        return export


class ExportEndpoint:
    """The endpoints of the creator."""

    def __init__(self, rooms: Rooms, requesters: Requesters, exports: Exports) -> None:
        self._rooms = rooms
        self._requesters = requesters
        self._exports = exports

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms/{room}/export", self.list),
            web.get("/api/rooms/{room}/export/{file}", self.send),
        ]

    async def list(self, request: web.Request) -> web.Response:
        room = await self._require_creator(request)
        return await self._exports.list(room, f"/api/rooms/{room}/export")

    async def send(self, request: web.Request) -> web.StreamResponse:
        room = await self._require_creator(request)
        return await self._exports.send(request, room, request.match_info["file"])

    async def _require_creator(self, request: web.Request) -> str:
        """Returns the name of the room. Raises a Refusal unless the sender is the creator."""
        room = request.match_info["room"]
        reader = await self._rooms.ask(room, ReadReplay(self._requesters.reading(request)))
        if not reader.creator:
            raise Forbidden(RefusalCode.CREATOR_ONLY, "only the creator of this room may do this")
        return room


class AdminExportEndpoint:
    """The endpoints of the operator."""

    def __init__(self, exports: Exports, authorise: Authorise) -> None:
        self._exports = exports
        self._authorise = authorise

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/admin/rooms/{room}/export", self.list),
            web.get("/api/admin/rooms/{room}/export/{file}", self.send),
        ]

    async def list(self, request: web.Request) -> web.Response:
        self._authorise(request)
        room = request.match_info["room"]
        return await self._exports.list(room, f"/api/admin/rooms/{room}/export")

    async def send(self, request: web.Request) -> web.StreamResponse:
        self._authorise(request)
        room, name = request.match_info["room"], request.match_info["file"]
        return await self._exports.send(request, room, name)


async def _read(export: Export, name: str) -> Body:
    try:
        body = await export.read(name)
    except ObjectMissing as error:
        raise NotFound(RefusalCode.FILE_NOT_FOUND, "this recording is deleted") from error
    except BitstreamError as error:
        raise NotFound(RefusalCode.FILE_NOT_FOUND, "this recording is damaged") from error
    if body is None:
        raise NotFound(RefusalCode.FILE_NOT_FOUND, "there is no such file")
    return body
