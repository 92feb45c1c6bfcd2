"""`/r/{room}/poster.jpg` and `.webp`: the poster of a running live. server/API.md describes the
answers.
"""

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import NotFound
from server.posters.posters import Posters
from server.rooms.registry import Rooms

FORMATS = {"jpg": "image/jpeg", "webp": "image/webp"}
MAX_AGE = 10
"""Seconds for which a cache may keep a poster of a public live. A new poster has a new URL."""


def poster_path(room: str, version: int) -> str:
    """Returns the URL path of the poster of a live, for the version that is current now."""
    return f"/r/{room}/poster.jpg?v={version}"


class PostersEndpoint:
    """The endpoint `/r/{room}/poster.{format}`."""

    def __init__(self, rooms: Rooms, posters: Posters) -> None:
        self._rooms = rooms
        self._posters = posters

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/r/{room}/poster.{format:jpg|webp}", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Returns the poster. `Access` has checked that the client may watch."""
        name = request.match_info["room"]
        poster, room = self._posters.find(name), self._rooms.in_memory.find(name)
        if poster is None or room is None:
            raise NotFound(RefusalCode.NOT_FOUND, "there is no picture of this live now")
        format = request.match_info["format"]
        public = room.record.visibility == "public"
        return web.Response(
            body=poster.jpeg if format == "jpg" else poster.webp,
            content_type=FORMATS[format],
            headers={hdrs.CACHE_CONTROL: f"public, max-age={MAX_AGE}" if public else "no-store"},
        )
