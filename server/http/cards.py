"""Cards of links to this server, and `/api/oembed`. server/API.md describes the answer."""

import asyncio
import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from aiohttp import web

from relay.errors import Refusal, RefusalCode
from server.clips.clips import Clips
from server.clips.life import State as ClipState
from server.clips.picture_messages import POSTER_SIDE, fitting
from server.errors import BadRequest, NotFound, Unavailable
from server.http.hosts import read_origin
from server.http.ids import is_id
from server.http.payloads import OEmbed, reply
from server.http.posters import poster_path, replay_poster_path
from server.http.request import url_of
from server.objects.errors import ObjectsError
from server.posters.poster import Poster
from server.posters.posters import Posters
from server.posters.replay_posters import ReplayPosters
from server.rooms.commands.room import Describe
from server.rooms.description import RoomDescription
from server.rooms.life import State
from server.rooms.registry import Rooms
from server.settings import Settings
from server.site.card import HEIGHT, WIDTH, Card, CardImage, CardVideo, oembed
from server.site.strings import Strings
from server.storage.clip_record import ClipRecord
from server.storage.recordings import RecordingStore

MAX_URL = 500
"""Maximum length of a URL in a request, characters."""
POSTER_WITHIN = 5.0
"""Maximum seconds for which the card of a replay waits for its poster. The card then has no
picture.
"""
SIDE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


class Cards:
    """Makes the cards. Only a public link has a card."""

    def __init__(self, posters: Posters, of_replays: ReplayPosters, settings: Settings) -> None:
        self._posters = posters
        self._of_replays = of_replays
        self._settings = settings

    def of_room(self, request: web.Request, room: RoomDescription, strings: Strings) -> Card | None:
        """Returns the card of a room that has not ended; None if the room is not public."""
        if room.visibility != "public":
            return None
        path = f"/r/{room.room}"
        poster = self._posters.find(room.room)
        image = self._image(request, room.room, poster) if poster else None
        return Card(
            url=self._url(request, path),
            title=room.title or strings.t("site.live"),
            description=strings.t("room.card_description"),
            image=image,
            player=self._url(request, f"/embed/{room.room}"),
            width=poster.width if poster else WIDTH,
            height=poster.height if poster else HEIGHT,
            oembed=self.oembed_url(request, path),
        )

    def _image(self, request: web.Request, room: str, poster: Poster) -> CardImage:
        url = self._url(request, poster_path(room, poster.version))
        return CardImage(url, poster.width, poster.height)

    def of_clip(self, request: web.Request, clip: ClipRecord, strings: Strings) -> Card | None:
        """Returns the card of a clip; None if not everyone may see the clip."""
        if clip.state != ClipState.PUBLISHED or clip.visibility != "public":
            return None
        path, files = f"/c/{clip.id}", f"/clips/{clip.id}/{clip.revision}"
        size = fitting(clip.width, clip.height, POSTER_SIDE, POSTER_SIDE)
        image = CardImage(self._url(request, f"{files}/poster.jpg"), *size)
        return Card(
            url=self._url(request, path),
            title=clip.title or strings.t("site.untitled"),
            description=clip.caption or strings.t("card.clip"),
            image=image if clip.pictures else None,
            video=CardVideo(
                self._url(request, f"{files}/video.mp4"),
                *(clip.width, clip.height, clip.duration / 1e6),
            ),
            player=self._url(request, f"/embed{path}"),
            width=clip.width,
            height=clip.height,
            oembed=self.oembed_url(request, path),
        )

    async def of_replay(
        self, request: web.Request, room: str, title: str, visibility: str, strings: Strings
    ) -> Card | None:
        """Returns the card of the replay of an ended live; None if the live was not public. Raises
        StorageError.
        """
        if visibility != "public":
            return None
        path, image = f"/v/{room}", None
        try:
            async with asyncio.timeout(POSTER_WITHIN):
                poster = await self._of_replays.find(room)
        except (ObjectsError, TimeoutError, Unavailable):
            poster = None
        if poster:
            url = self._url(request, replay_poster_path(room, poster.version))
            image = CardImage(url, poster.width, poster.height)
        return Card(
            url=self._url(request, path),
            title=title or strings.t("site.untitled"),
            description=strings.t("card.replay"),
            image=image,
            oembed=self.oembed_url(request, path),
        )

    def oembed_url(self, request: web.Request, path: str) -> str:
        """Returns the URL of the oEmbed answer for the page with this path."""
        link = quote(self._url(request, path), safe="")
        return self._url(request, f"/api/oembed?url={link}")

    def _url(self, request: web.Request, path: str) -> str:
        return url_of(request, path, self._settings)


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
