"""Fills in the templates of `web/`, in the language of the reader."""

import base64
import hashlib
from functools import cache
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
    "index.html": (
        *("site", "feed", "room", "stats", "chat", "report", "hearts", "clip", "poll", "social"),
        *("push", "api", "refusals"),
    ),
    "explore.html": (
        *("site", "explore", "items", "tags", "announced", "push"),
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
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined
)
"""It reads a template again if the file has changed."""


@cache
def _bundled_assets() -> BundledAssets:
    """The bundled files, which all servers of a process share."""
    return BundledAssets(WEB)


class Templates:
    """The templates of all pages, and the files that the pages load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.assets: Assets = SourceAssets(WEB) if settings.dev else _bundled_assets()
        self.strings = read_strings(WEB)

    def render(
        self, request: web.Request, template: str, *, answer: int = 200, **values: Any
    ) -> web.Response:
        """Returns a page. `answer`: the status."""
        headers = self._headers(self._policy(request), "(self)")
        return self._response(request, template, answer, headers, values)

    def render_player(self, request: web.Request, template: str, **values: Any) -> web.Response:
        """Returns a page that plays one video in a frame of another site. The page may load nothing
        but that video, its own style, and its script if there is `main` among the values.
        """
        headers = self._headers(self._player_policy(request, "main" in values), "()")
        return self._response(request, template, 200, headers, values)

    def _response(
        self,
        request: web.Request,
        template: str,
        status: int,
        headers: dict[str, str],
        values: dict[str, Any],
    ) -> web.Response:
        strings = self.strings_for(request)
        text = ENVIRONMENT.get_template(template).render(
            assets=self.assets.base,
            language=strings.language,
            t=strings.t,
            strings=strings.script(AREAS.get(template, ())),
            **values,
        )
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    def main(self, page: str) -> str:
        """Returns the URL path of the main script of a page."""
        return f"{self.assets.base}/{self.assets.main(page)}"

    def strings_for(self, request: web.Request) -> Strings:
        """Returns the texts in the language of the reader."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        strings = read_strings(WEB) if self._settings.dev else self.strings
        return strings[language_of(request.cookies.get(COOKIE), accepted)]

    def _policy(self, request: web.Request) -> str:
        """Returns the Content-Security-Policy of a page."""
        host = authority_of(request, self._settings)
        # Safari before 15.4 does not count WebSockets as 'self'.
        sockets = f" ws://{host} wss://{host}" if host else ""
        inline = f"{_allowed(self.assets.boot)} {_allowed(SHOW)}"
        media = self._media
        return (
            f"default-src 'self'; script-src 'self' {inline}; "
            f"style-src 'self' {_allowed(self.assets.style)}; "
            f"img-src 'self' data: blob:{media}; media-src 'self' blob:{media}; "
            "worker-src 'self' blob:; "
            f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; "
            f"object-src 'none'; frame-ancestors {ancestors_of(request, self._settings)}"
        )

    def _player_policy(self, request: web.Request, script: bool) -> str:
        """Returns the Content-Security-Policy of a player in a frame."""
        scripts, media = "'self'" if script else "'none'", self._media
        return (
            f"default-src 'none'; script-src {scripts}; connect-src {scripts}; style-src 'self'; "
            f"img-src 'self' data:{media}; media-src 'self' blob:{media}; manifest-src 'self'; "
            "base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {ancestors_of(request, self._settings)}"
        )

    @property
    def _media(self) -> str:
        """The origin of the object store, to which requests for clips may be redirected."""
        store = public_origin(self._settings)
        return "" if store is None else f" {store}"

    @staticmethod
    def _headers(policy: str, devices: str) -> dict[str, str]:
        """Returns the headers of a page. `devices`: which origins may use camera and microphone."""
        return {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
            "Content-Security-Policy": policy,
            "Permissions-Policy": f"camera={devices}, microphone={devices}",
            "Referrer-Policy": "same-origin",
        }


def _allowed(inline: str) -> str:
    """Returns the CSP source expression that allows this inline script or style (CSP Level 3
    §2.3.1).
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
