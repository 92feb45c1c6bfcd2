"""`/robots.txt` and `/sitemap.xml`, for robots of search engines. server/API.md describes the
answers.
"""

import asyncio
import time

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.errors import NotFound
from server.http.request import url_of
from server.recent import Recent
from server.settings import Settings
from server.site.robots import PublicPage, robots_txt, sitemap
from server.storage.public_pages import PublicPageStore

MAX_OF_KIND = 2_000
"""Maximum number of pages of one kind in the sitemap."""
MAX_TAGS = 500
TAG_SECONDS = 30 * 86_400
"""Age of the last use of a tag in the sitemap, seconds."""
KEPT = 300.0
"""Seconds for which the sitemap is kept in memory."""
MAX_ORIGINS = 2
"""Number of origins for which the sitemap is kept: a server without --public-url has the origin
that the client names.
"""
FIXED = (PublicPage("/"), PublicPage("/explore"))


class CrawlersEndpoint:
    """The endpoints for robots of search engines."""

    def __init__(self, pages: PublicPageStore, settings: Settings) -> None:
        self._pages = pages
        self._settings = settings
        self._listed: tuple[PublicPage, ...] = ()
        self._listed_until = 0.0
        self._written: Recent[str, bytes] = Recent(MAX_ORIGINS)
        """The sitemap of these pages by origin."""
        self._listing = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/robots.txt", self.robots),
            web.get("/sitemap.xml", self.sitemap),
        ]

    async def robots(self, request: web.Request) -> web.Response:
        text = robots_txt(
            allowed=self._settings.robots == "allow",
            sitemap_url=url_of(request, "/sitemap.xml", self._settings),
        )
        return web.Response(text=text, headers={hdrs.CACHE_CONTROL: "public, max-age=3600"})

    async def sitemap(self, request: web.Request) -> web.Response:
        """Lists public pages. Raises NotFound if the operator keeps robots out."""
        if self._settings.robots != "allow":
            raise NotFound(RefusalCode.NOT_FOUND, "this server has no sitemap")
        async with self._listing:
            if time.monotonic() >= self._listed_until:
                self._listed = await self._list(time.time())
                self._listed_until = time.monotonic() + KEPT
                self._written = Recent(MAX_ORIGINS)
            origin = url_of(request, "", self._settings)
            body = self._written.get(origin)
            if body is None:
                # Thousands of pages take milliseconds, in which the loop would forward no media.
                body = await asyncio.to_thread(sitemap, origin, self._listed)
                self._written.keep(origin, body)
        return web.Response(
            body=body,
            content_type="application/xml",
            charset="utf-8",
            headers={hdrs.CACHE_CONTROL: "public, max-age=300"},
        )

    async def _list(self, now: float) -> tuple[PublicPage, ...]:
        people = await self._pages.handles(MAX_OF_KIND, now)
        clips = await self._pages.clips(MAX_OF_KIND, now)
        replays = await self._pages.replays(MAX_OF_KIND, now)
        tags = await self._pages.tags(MAX_TAGS, now - TAG_SECONDS)
        return (
            *FIXED,
            *(PublicPage(f"/@{person.name}") for person in people),
            *(PublicPage(f"/t/{tag.name}", tag.at) for tag in tags),
            *(PublicPage(f"/c/{clip.name}", clip.at) for clip in clips),
            *(PublicPage(f"/v/{replay.name}", replay.at) for replay in replays),
        )
