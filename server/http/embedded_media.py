"""`/embed/c/{clip}` and `/embed/v/{room}`: the players of clips and replays, for frames of other
sites.
"""

from typing import Any

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.clips.paths import captions_path, files_path
from server.clips.refusals import no_clip
from server.clips.rights import is_open
from server.errors import NotFound
from server.http.clip_access import ClipAccess
from server.http.request import url_of
from server.http.templates import Templates
from server.recordings.replay_views import ReplayViews
from server.settings import Settings


class EmbeddedMedia:
    """The pages of clips and replays that other sites show in a frame. A frame has no cookie, so
    private media does not exist here.
    """

    def __init__(
        self,
        templates: Templates,
        access: ClipAccess,
        replays: ReplayViews,
        settings: Settings,
    ) -> None:
        self._templates = templates
        self._access = access
        self._replays = replays
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/embed/c/{clip}", self.clip), web.get("/embed/v/{room}", self.replay)]

    async def clip(self, request: web.Request) -> web.Response:
        clip = (await self._access.find(request)).clip.record
        if not is_open(clip):
            raise no_clip()
        files = files_path(clip.id, clip.revision)
        return self._show(
            request,
            title=clip.title,
            video=f"{files}/video.mp4",
            captions=captions_path(clip.id) if clip.caption else "",
            poster=f"{files}/poster.jpg" if clip.pictures else "",
            page=f"/c/{clip.id}",
        )

    async def replay(self, request: web.Request) -> web.Response:
        view = await self._replays.find(request.match_info["room"])
        if view.visibility == "private":
            raise NotFound(RefusalCode.NO_REPLAY, "there is no replay of this live")
        room = view.replay.room
        return self._show(
            request,
            title=view.title,
            playlist=f"/replays/{room}/index.m3u8",
            opus_playlist=f"/replays/{room}/opus/index.m3u8",
            poster=f"/v/{room}/poster.jpg",
            page=f"/v/{room}",
            main=self._templates.main("embed"),
        )

    def _show(self, request: web.Request, *, page: str, **values: Any) -> web.Response:
        """Returns the page of a player. `page`: the path to which the player leads."""
        link = url_of(request, page, self._settings)
        response = self._templates.render_player(
            request, "embedded_media.html", link=link, **values
        )
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response
