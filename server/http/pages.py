"""The pages: templates of `web/`, and its files under a name that changes with their content."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server import WEB
from server.errors import Gone, NotFound
from server.http.request import client_of, url_of
from server.rooms.registry import Rooms
from server.settings import Settings
from server.site.bundle import BundleError, bundle
from server.site.opening import opening

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""What is served; anything else in the folder is not."""

PAGES = ("feed", "studio", "room")
"""Modules that pages begin with; each is served as one file with all that it imports,
`js/PAGE.bundle.js`.
"""
FIRST, FIRST_NAME = "boot/first_socket.js", "microliveFirst"
"""Stands in the room's page itself, so that it waits for no request; the rest of the page finds it
under this name.
"""
SHOW = f"{FIRST_NAME}.showOpening();"
"""Stands behind the picture that comes with the page."""
WORKER, WORKER_NAME = "watch/webcodecs/worker.js", "watch"
"""What the room's page runs beside itself, as `js/watch.bundle.js`."""

HEADINGS = {404: "Nothing here", 410: "This live is over", 429: "A moment, please"}


class Pages:
    """`/`, `/live`, `/r/{room}` and `/assets/…`."""

    def __init__(self, rooms: Rooms, settings: Settings) -> None:
        self._rooms = rooms
        self._settings = settings
        self._files = _read_files()
        self._first = _first_script()
        digest = hashlib.sha256()
        for name, file in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + file.content)
        self._assets = f"/assets/{digest.hexdigest()[:12]}"
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.feed),
            web.get("/live", self.studio),
            web.get("/r/{room}", self.room),
            web.get("/assets/{version}/{name:.+}", self.asset),
            web.get("/favicon.ico", self.icon),
        ]

    async def feed(self, request: web.Request) -> web.Response:
        return self._render(request, "index.html")

    async def studio(self, request: web.Request) -> web.Response:
        return self._render(request, "live.html")

    async def room(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        try:
            described = await self._rooms.describe(name)
        except NotFound as error:
            raise NotFound(
                RefusalCode.ROOM_NOT_FOUND,
                "There is no live at this address. Perhaps a letter is missing from the link?",
            ) from error
        if described["state"] == "ended":
            raise Gone(
                RefusalCode.ROOM_ENDED,
                "The creator has ended it. There may be others on air right now.",
            )
        return self._render(
            request,
            "room.html",
            first=self._first,
            show=SHOW,
            opening=opening(self._rooms.still(name)),
            room=name,
            title=described["title"],
            state=described["state"],
            watch_url=url_of(request, f"/r/{name}", self._settings),
        )

    async def asset(self, request: web.Request) -> web.Response:
        found = self._files.get(request.match_info["name"])
        if found is None:
            raise NotFound(RefusalCode.FILE_NOT_FOUND, "there is no such file")
        # The name holds a hash of the content: whoever has it once needs never ask again. An old
        # name (a page from before an update) gets the new file, but keeps it for a moment only.
        current = request.path.startswith(self._assets + "/")
        caching = "public, max-age=31536000, immutable" if current else "no-cache"
        headers = {
            hdrs.CACHE_CONTROL: caching,
            "X-Content-Type-Options": "nosniff",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        body = found.content
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "") and len(found.zipped) < len(
            body
        ):
            body, headers[hdrs.CONTENT_ENCODING] = found.zipped, "gzip"
        return web.Response(body=body, content_type=found.content_type, headers=headers)

    async def icon(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(f"{self._assets}/icons/icon.svg")

    def message(self, request: web.Request, status: int, text: str) -> web.Response:
        """A page that says why there is no other."""
        heading = HEADINGS.get(status, "That did not work")
        return self._render(
            request,
            "message.html",
            answer=status,
            status=status,
            heading=heading,
            text=text,
            action_url="/",
            action_text="See who is live",
        )

    def _render(
        self, request: web.Request, template: str, *, answer: int = 200, **values: Any
    ) -> web.Response:
        text = self._templates.get_template(template).render(assets=self._assets, **values)
        return web.Response(
            status=answer, text=text, content_type="text/html", headers=self._headers(request)
        )

    def _headers(self, request: web.Request) -> dict[str, str]:
        host = client_of(request, self._settings).host or request.host
        policy = (
            f"default-src 'self'; script-src 'self' {_allowed(self._first)} {_allowed(SHOW)}; "
            "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; "
            # Safari before 15.4 does not count WebSockets as 'self'.
            f"connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action "
            "'none'; object-src 'none'; frame-ancestors *"
        )
        return {
            hdrs.CACHE_CONTROL: "no-cache",
            "Content-Security-Policy": policy,
            "Permissions-Policy": "camera=(self), microphone=(self)",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it is sent."""

    content: bytes
    content_type: str
    zipped: bytes


def _read_files() -> dict[str, _File]:
    """All of `web/` that browsers ask for, by its path there: some hundred KB, and so no request
    can reach any other file.
    """
    contents = {
        path.relative_to(WEB).as_posix(): path.read_bytes()
        for path in WEB.rglob("*")
        if path.is_file() and path.suffix in TYPES
    }
    modules = _modules()
    contents[f"js/{WORKER_NAME}.bundle.js"] = bundle(modules, WORKER).encode()
    for page in PAGES:
        contents[f"js/{page}.bundle.js"] = bundle(
            modules, f"{page}.js", apart={FIRST: FIRST_NAME}
        ).encode()
    return {
        name: _File(content, TYPES[Path(name).suffix], gzip.compress(content, mtime=0))
        for name, content in contents.items()
    }


def _modules() -> dict[str, str]:
    folder = WEB / "js"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.js")}


def _first_script() -> str:
    """Raises BundleError where HTML would not take it as it is."""
    script = bundle(_modules(), FIRST, known_as=FIRST_NAME)
    if "</script" in script or "<!--" in script:
        raise BundleError(f"{FIRST}: what ends a script in HTML cannot stand in it")
    return script


def _allowed(script: str) -> str:
    """What lets an inline script pass a Content-Security-Policy (CSP Level 3 §2.3.1): a page may
    run it, and no other that somebody smuggles in.
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
