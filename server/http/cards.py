"""Makes the cards of links to this server."""

import asyncio
from urllib.parse import quote

from aiohttp import web

from server.clips.life import State
from server.clips.paths import files_path
from server.clips.picture_messages import POSTER_SIDE, fitting
from server.errors import Unavailable
from server.http.posters import poster_path, replay_poster_path
from server.http.request import url_of
from server.objects.errors import ObjectsError
from server.posters.poster import Poster
from server.posters.posters import Posters
from server.posters.replay_posters import ReplayPosters
from server.rooms.description import RoomDescription
from server.settings import Settings
from server.site.card import HEIGHT, WIDTH, Card, CardImage, CardVideo
from server.site.strings import Strings
from server.storage.clip_record import ClipRecord

POSTER_WITHIN = 5.0
"""Maximum seconds for which the card of a replay waits for its poster. The card then has no
picture.
"""


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
        if clip.state != State.PUBLISHED or clip.visibility != "public":
            return None
        path, files = f"/c/{clip.id}", files_path(clip.id, clip.revision)
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
            player=self._url(request, f"/embed{path}"),
            width=poster.width if poster else WIDTH,
            height=poster.height if poster else HEIGHT,
            oembed=self.oembed_url(request, path),
        )

    def oembed_url(self, request: web.Request, path: str) -> str:
        """Returns the URL of the oEmbed answer for the page with this path."""
        link = quote(self._url(request, path), safe="")
        return self._url(request, f"/api/oembed?url={link}")

    def _url(self, request: web.Request, path: str) -> str:
        return url_of(request, path, self._settings)
