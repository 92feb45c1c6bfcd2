"""`/embed/c/{clip}`: the player of a clip, for frames of other sites."""

from aiohttp import hdrs, web

from server.clips.life import State
from server.clips.refusals import no_clip
from server.http.clip_access import ClipAccess
from server.http.request import url_of
from server.http.templates import Templates
from server.settings import Settings


class EmbeddedClips:
    """The pages of clips that other sites show in a frame. A frame has no cookie, so private clips
    do not exist here.
    """

    def __init__(self, templates: Templates, access: ClipAccess, settings: Settings) -> None:
        self._templates = templates
        self._access = access
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/embed/c/{clip}", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        clip = (await self._access.find(request)).clip.record
        if clip.state != State.PUBLISHED or clip.visibility == "private":
            raise no_clip()
        files = f"/clips/{clip.id}/{clip.revision}"
        response = self._templates.render(
            request,
            "embedded_clip.html",
            title=clip.title,
            video=f"{files}/video.mp4",
            poster=f"{files}/poster.jpg" if clip.pictures else "",
            link=url_of(request, f"/c/{clip.id}", self._settings),
        )
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response
