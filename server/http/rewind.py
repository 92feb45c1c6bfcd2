"""Instant replay: the window of a live as a list of segments, and the file of each segment."""

import re
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import Field

from relay.errors import RefusalCode
from relay.rewind.replays import Replays
from server.errors import BadRequest, Conflict, NotFound, TooManyRequests
from server.http.connections import send
from server.http.limits import ConnectionLimiter
from server.http.payloads import Payload, reply
from server.http.request import client_of, connection_of
from server.rooms.registry import Rooms
from server.rooms.room import Room
from server.settings import Settings

_MEDIA_TIME = re.compile(r"0|[1-9]\d{0,15}", re.ASCII)  # No leading zeros: one address for a file.
FILE = "video/mp4"
KEPT_BY_BROWSERS = "private, max-age=60"
"""Cache-Control header of a file. A viewer who jumps back twice loads the file once."""


class Piece(Payload):
    """The decoding parameters of segments."""

    codecs: Annotated[str, Field(description="codec strings of the tracks, with commas")]
    width: int
    height: int


class ReplaySegment(Payload):
    """A part of the window, which can be loaded by its start."""

    start: Annotated[int, Field(description="media time of the first frame, µs")]
    end: Annotated[int, Field(description="media time at which the last frame ends, µs")]
    piece: Annotated[int, Field(description="index in `pieces`")]
    key: Annotated[
        bool, Field(description="false: can be decoded only after the segment before it")
    ]


class HeartSecond(Payload):
    """The taps of all viewers in one second of media time."""

    second: int
    emoji: Annotated[dict[str, int], Field(description="number of taps, by emoji")]


class ReplayWindow(Payload):
    """The moments to which a viewer can jump back; times in µs of media time."""

    stream: Annotated[str, Field(description="changes when media time restarts")]
    start: int
    end: int
    edge: Annotated[int, Field(description="the live edge")]
    pieces: list[Piece]
    segments: list[ReplaySegment]
    hearts: list[HeartSecond]


class RewindEndpoint:
    """The endpoints `/api/rooms/{room}/window` and `/api/rooms/{room}/window/{media_time}`.
    `close()` ends the thread that makes the files.
    """

    def __init__(self, rooms: Rooms, settings: Settings) -> None:
        self._rooms = rooms
        self._settings = settings
        self.requests = ConnectionLimiter(settings.max_sockets_per_address)
        """Limiter of the number of simultaneous requests of each address."""
        self.replays = Replays()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/rooms/{room}/window", self.window),
            web.get("/api/rooms/{room}/window/{media_time}", self.file),
        ]

    def close(self) -> None:
        self.replays.close()

    async def window(self, request: web.Request) -> web.Response:
        """Returns the moments to which a viewer can jump back."""
        room = await self._room(request)
        index = await self.replays.index(room.stream)
        if not index.segments:
            raise Conflict(
                RefusalCode.ROOM_NOT_LIVE, "this room has no media to replay: try again later"
            )
        hearts = room.social.reactions.between(
            index.segments[0].start // 1_000_000, index.edge // 1_000_000 + 1
        )
        answer = {
            **index.describe(),
            "hearts": [{"second": second, "emoji": emoji} for second, emoji in hearts],
        }
        return reply(ReplayWindow, answer)

    async def file(self, request: web.Request) -> web.Response:
        """Returns the segment that contains a media time."""
        media_time = _read_media_time(request.match_info["media_time"])
        refusal = TooManyRequests(
            RefusalCode.TOO_MANY_REQUESTS, "too many requests at a time from this address"
        )
        with connection_of(self.requests, client_of(request, self._settings).address, refusal):
            room = await self._room(request)
            index = await self.replays.index(room.stream)
            segment = index.at(media_time)
            if segment is None:
                raise NotFound(
                    RefusalCode.NOT_IN_WINDOW,
                    "this moment is not in the window of the live: choose a segment of "
                    f"/api/rooms/{room.name}/window",
                )
            response = web.Response(
                body=await self.replays.file(index, segment),
                content_type=FILE,
                headers={hdrs.CACHE_CONTROL: KEPT_BY_BROWSERS},
            )
            # A request counts until its answer is sent, as for HLS.
            await send(request, response, shared=True)
            return response

    async def _room(self, request: web.Request) -> Room:
        return await self._rooms.local(request.match_info["room"])


def _read_media_time(text: str) -> int:
    """Returns the media time in µs. Raises BadRequest."""
    if not _MEDIA_TIME.fullmatch(text):
        raise BadRequest(
            RefusalCode.BAD_MEDIA_TIME,
            "the media time is not a whole number of microseconds from 0 on",
        )
    return int(text)
