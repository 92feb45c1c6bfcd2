"""Fills in the templates of `web/`, in the language of the reader."""

import base64
import hashlib
from typing import Any

import jinja2
from aiohttp import hdrs, web

from server import WEB
from server.http.headers import ancestors_of
from server.http.request import authority_of
from server.objects.objects import public_origin
from server.settings import Settings
from server.site.assets import Assets, BundledAssets, SourceAssets
from server.site.strings import COOKIE, Strings, language_of, read_strings

SHOW = "microliveBoot.showFirstFrame();"
"""The inline script that shows the first frame in a room's page. The page contains this script
after the frame's data.
"""
AREAS = {
    "index.html": ("site", "feed", "api", "refusals"),
    "explore.html": (
        *("site", "explore", "items", "tags", "announced"),
        *("api", "refusals"),
    ),
    "live.html": (
        *("site", "studio", "own", "device", "health", "figures", "obstacle"),
        *("chat", "report", "hearts", "poll", "social"),
        *("api", "refusals"),
    ),
    "room.html": (
        *("site", "room", "stats", "chat", "report", "hearts", "clip", "poll", "social"),
        *("push", "api", "refusals"),
    ),
    "me.html": ("site", "me", "announced", "report", "api", "refusals"),
    "handle.html": (
        *("site", "handle", "push", "items", "tags", "announced"),
        *("api", "refusals"),
    ),
    "tag.html": ("site", "tags", "items", "api", "refusals"),
    "clip.html": ("site", "clip_page", "own", "report", "api", "refusals"),
    "replay.html": ("site", "replay", "own", "clip", "chat", "api", "refusals"),
}
"""The areas of `web/strings` that the scripts of a page use, by page."""


class Templates:
    """The templates of all pages, and the files that the pages load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.assets: Assets = SourceAssets(WEB) if settings.dev else BundledAssets(WEB)
        self.strings = read_strings(WEB)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def render(
        self, request: web.Request, template: str, *, answer: int = 200, **values: Any
    ) -> web.Response:
        """Returns a page. `answer`: the status."""
        strings = self.strings_for(request)
        text = self._environment.get_template(template).render(
            assets=self.assets.base,
            language=strings.language,
            t=strings.t,
            strings=strings.script(AREAS.get(template, ())),
            **values,
        )
        return web.Response(
            status=answer, text=text, content_type="text/html", headers=self._headers(request)
        )

    def main(self, page: str) -> str:
        """Returns the URL path of the main script of a page."""
        return f"{self.assets.base}/{self.assets.main(page)}"

    def strings_for(self, request: web.Request) -> Strings:
        """Returns the texts in the language of the reader."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        strings = read_strings(WEB) if self._settings.dev else self.strings
        return strings[language_of(request.cookies.get(COOKIE), accepted)]

    def _headers(self, request: web.Request) -> dict[str, str]:
        host = authority_of(request, self._settings)
        # Safari before 15.4 does not count WebSockets as 'self'.
        sockets = f" ws://{host} wss://{host}" if host else ""
        inline = f"{_allowed(self.assets.boot)} {_allowed(SHOW)}"
        store = public_origin(self._settings)
        media = "" if store is None else f" {store}"  # Requests for clips may be redirected.
        policy = (
            f"default-src 'self'; script-src 'self' {inline}; "
            f"style-src 'self' {_allowed(self.assets.style)}; "
            f"img-src 'self' data: blob:{media}; media-src 'self' blob:{media}; "
            "worker-src 'self' blob:; "
            f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; "
            f"object-src 'none'; frame-ancestors {ancestors_of(request, self._settings)}"
        )
        return {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
            "Content-Security-Policy": policy,
            "Permissions-Policy": "camera=(self), microphone=(self)",
            "Referrer-Policy": "same-origin",
        }


def _allowed(inline: str) -> str:
    """Returns the CSP source expression that allows this inline script or style (CSP Level 3
    §2.3.1).
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
