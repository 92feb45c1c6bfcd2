"""`/api/rooms/{room}/timeline`: the messages and reactions of a part of a live, by media time."""

import re
from typing import Annotated

from aiohttp import web
from pydantic import Field

from relay.errors import RefusalCode
from server.errors import BadRequest
from server.http.chat import RoleName
from server.http.json_body import MAX_NUMBER
from server.http.payloads import Payload, reply
from server.http.requester import Requesters
from server.rooms.commands.timeline import ReadTimeline
from server.rooms.registry import Rooms


class TimelineMessageBody(Payload):
    """A message. Removed messages and messages of banned or deleted people are left out."""

    media_time: Annotated[int, Field(description="media time that the author saw, µs")]
    sequence: Annotated[int, Field(description="number in the room, from 1")]
    person: Annotated[str, Field(description="id of the author")]
    name: str
    colour: int
    handle: str | None
    role: RoleName
    body: str


class SecondOfHeartsBody(Payload):
    """The taps in one second of media time."""

    second: int
    emoji: Annotated[dict[str, int], Field(description="taps by emoji")]


class TimelineBody(Payload):
    """The messages and reactions of a part of a live, in the order of media time."""

    until: Annotated[
        int,
        Field(description="µs; before `to` if there are too many messages: continue from there"),
    ]
    messages: list[TimelineMessageBody]
    hearts: Annotated[list[SecondOfHeartsBody], Field(description="seconds with taps")]


class TimelineEndpoint:
    """The endpoint `/api/rooms/{room}/timeline`."""

    def __init__(self, rooms: Rooms, requesters: Requesters) -> None:
        self._rooms = rooms
        self._requesters = requesters

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/rooms/{room}/timeline", self.read)]

    async def read(self, request: web.Request) -> web.Response:
        start, end = _media_time(request, "from"), _media_time(request, "to")
        command = ReadTimeline(self._requesters.reading(request), start, end)
        found = await self._rooms.ask(request.match_info["room"], command)
        body = {
            "until": found.until,
            "messages": [
                {name: getattr(message, name) for name in TimelineMessageBody.model_fields}
                | {"role": message.role.value}
                for message in found.messages
            ],
            "hearts": [
                {"second": hearts.second, "emoji": dict(hearts.emoji)} for hearts in found.hearts
            ],
        }
        return reply(TimelineBody, body)


def _media_time(request: web.Request, name: str) -> int:
    """Reads a media time of the query. Raises BadRequest."""
    value = request.query.get(name, "")
    if not re.fullmatch(r"[0-9]{1,16}", value, re.ASCII) or int(value) > MAX_NUMBER:
        raise BadRequest(
            RefusalCode.BAD_REQUEST, "send `from` and `to`, media times in µs from 0 to 2^53"
        )
    return int(value)
