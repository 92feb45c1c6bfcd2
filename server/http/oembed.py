"""`/api/oembed`: describes pages for other sites. server/API.md describes the answer."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web

from relay.errors import Refusal, RefusalCode
from server.clips.clips import Clips
from server.errors import BadRequest, NotFound
from server.http.cards import Cards
from server.http.hosts import read_origin
from server.http.ids import is_id
from server.http.payloads import OEmbed, reply
from server.http.request import url_of
from server.rooms.commands.room import Describe
from server.rooms.life import State
from server.rooms.registry import Rooms
from server.settings import Settings
from server.site.card import Card, oembed
from server.site.strings import Strings
from server.storage.recordings import RecordingStore

MAX_URL = 500
"""Maximum length of a URL in a request, characters."""
SIDE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


class OEmbedEndpoint:
    """The endpoint `/api/oembed` (oembed.com)."""

    def __init__(
        self,
        rooms: Rooms,
        clips: Clips,
        replays: RecordingStore,
        cards: Cards,
        strings: Callable[[web.Request], Strings],
        settings: Settings,
    ) -> None:
        self._rooms = rooms
        self._clips = clips
        self._replays = replays
        self._cards = cards
        self._strings = strings
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/oembed", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Describes a public page of this server for other sites. A page that is not public gets
        the same answer as a page that does not exist.
        """
        if request.query.get("format", "json") != "json":
            raise BadRequest(RefusalCode.BAD_REQUEST, "the only format is json")
        width, height = (_side(request, name) for name in ("maxwidth", "maxheight"))
        card = await self._card(request, self._path(request))
        if card is None:
            raise _nothing()
        return reply(OEmbed, oembed(card, width, height))

    def _path(self, request: web.Request) -> str:
        """Returns the path of the page in the query. Raises NotFound for a page of another
        server.
        """
        url = request.query.get("url", "")
        if not url or len(url) > MAX_URL:
            raise BadRequest(RefusalCode.BAD_REQUEST, "url: the URL of a page of this server")
        own = read_origin(url_of(request, "", self._settings))
        try:
            parts = urlsplit(url)
            asked = read_origin(f"{parts.scheme}://{parts.netloc}")
        except ValueError:
            raise _nothing() from None
        if asked is None or asked != own:
            raise _nothing()
        return parts.path

    async def _card(self, request: web.Request, path: str) -> Card | None:
        kind, _, name = path.strip("/").partition("/")
        strings = self._strings(request)
        if kind == "c" and is_id(name):
            clip = await self._clips.find(name)
            return self._cards.of_clip(request, clip.record, strings) if clip else None
        if kind not in ("r", "v") or not name or "/" in name:
            return None
        try:
            room = await self._rooms.ask(name, Describe())
        except Refusal as refusal:
            if refusal.status < 500:
                return None
            raise
        if kind == "v":
            exists = await self._replays.read(name) if room.state is State.ENDED else None
            if not exists:
                return None
            shown = (name, room.title, room.visibility)
            return await self._cards.of_replay(request, *shown, strings)
        if room.state is State.ENDED:
            return None
        return self._cards.of_room(request, room, strings)


def _side(request: web.Request, name: str) -> int | None:
    """Reads a maximum in pixels. Raises BadRequest."""
    text = request.query.get(name)
    if text is None:
        return None
    if not SIDE.fullmatch(text):
        raise BadRequest(RefusalCode.BAD_REQUEST, f"{name}: a number of pixels, up to 9999")
    return int(text)


def _nothing() -> NotFound:
    return NotFound(RefusalCode.NOT_FOUND, "there is no public page at this URL")
