"""The posters of a live and of its replay: `/r/{room}/poster.jpg` and `/v/{room}/poster.jpg`, also
as `poster.webp` and `preview.webp`. server/API.md describes the answers.
"""

from contextlib import suppress

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import Gone, NotFound
from server.posters.poster import Poster
from server.posters.posters import Posters
from server.posters.replay_posters import ReplayPosters
from server.rooms.commands.room import Describe
from server.rooms.registry import Rooms

TYPES = {"poster.jpg": "image/jpeg", "poster.webp": "image/webp", "preview.webp": "image/webp"}
"""The files of a poster, with their media types."""
MAX_AGE = 10
"""Seconds for which a cache may keep a poster of a public live. A new poster has a new URL."""
MAX_AGE_OF_REPLAY = 60
"""Seconds for which a cache may keep a poster of a public replay. A replay may be deleted at any
time.
"""


def poster_path(room: str, version: int) -> str:
    """Returns the URL path of the poster of a live, for the version that is current now."""
    return f"/r/{room}/poster.jpg?v={version}"


def replay_poster_path(room: str, version: int) -> str:
    return f"/v/{room}/poster.jpg?v={version}"


class PostersEndpoint:
    """The endpoints of posters. `Access` has checked that the client may watch."""

    def __init__(self, rooms: Rooms, posters: Posters, of_replays: ReplayPosters) -> None:
        self._rooms = rooms
        self._posters = posters
        self._of_replays = of_replays

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/r/{room}/poster.{format:jpg|webp}", self.show),
            web.get("/r/{room}/preview.webp", self.show),
            web.get("/v/{room}/poster.{format:jpg|webp}", self.show_replay),
            web.get("/v/{room}/preview.webp", self.show_replay),
        ]

    async def show(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        poster, room = self._posters.find(name), self._rooms.in_memory.find(name)
        if room is None:
            with suppress(Gone):
                await self._rooms.local(name)  # another server may run the room
        if room is None or room.ended:
            raise NotFound(RefusalCode.NOT_FOUND, "there is no picture of this live now")
        if poster is None:
            # Browsers load the poster by themselves for the lock screen. A 404 would be an error in
            # the console of every page that is opened before the first poster.
            return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})
        return _answer(request, poster, room.record.visibility == "public", MAX_AGE)

    async def show_replay(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        described = await self._rooms.ask(name, Describe())
        poster = await self._of_replays.find(name)
        if poster is None:
            raise NotFound(RefusalCode.NOT_FOUND, "there is no picture of this replay")
        return _answer(request, poster, described.visibility == "public", MAX_AGE_OF_REPLAY)


def _answer(request: web.Request, poster: Poster, public: bool, max_age: int) -> web.Response:
    name = request.path.rpartition("/")[2]
    files = {"poster.jpg": poster.jpeg, "poster.webp": poster.webp, "preview.webp": poster.preview}
    return web.Response(
        body=files[name],
        content_type=TYPES[name],
        headers={hdrs.CACHE_CONTROL: f"public, max-age={max_age}" if public else "no-store"},
    )
