"""The manifest and the service worker, with which the pages can be installed as an app."""

from collections.abc import Callable, Mapping

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server import WEB
from server.errors import NotFound
from server.site.assets import Assets
from server.site.manifest import manifest
from server.site.shell import MAINS, WORDS, files_in, service_worker
from server.site.strings import Strings


class Installation:
    """The endpoints `/manifest.webmanifest` and `/sw.js`. Because their URLs never change, a
    browser must ask the server for changes before each use of a stored copy.
    """

    def __init__(
        self,
        assets: Assets,
        strings_for: Callable[[web.Request], Strings],
        strings: Mapping[str, Strings],
    ) -> None:
        """`strings`: the texts by language."""
        self._assets = assets
        self._strings_for = strings_for
        self._worker = _worker(assets, strings)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/manifest.webmanifest", self.manifest),
            web.get("/sw.js", self.service_worker),
        ]

    async def manifest(self, request: web.Request) -> web.Response:
        return web.json_response(
            manifest(self._assets.base, self._strings_for(request)),
            content_type="application/manifest+json",
            headers={
                hdrs.CACHE_CONTROL: "no-cache",
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
            },
        )

    async def service_worker(self, _: web.Request) -> web.Response:
        """Serves the service worker. With --dev there is no service worker: the sources may change
        at any time.
        """
        if not self._worker:
            raise NotFound(RefusalCode.FILE_NOT_FOUND, "there is no service worker with --dev")
        return web.Response(
            text=self._worker,
            content_type="text/javascript",
            headers={
                hdrs.CACHE_CONTROL: "no-cache",
                "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
            },
        )


def _worker(assets: Assets, strings: Mapping[str, Strings]) -> str:
    """Returns the text of the service worker; empty with --dev."""
    if not (names := assets.names()):
        return ""
    of_rooms = set().union(*(files_in(path.read_text()) for path in WEB.glob("room*.html")))
    mains = [assets.main(page) for page in MAINS]
    script = (WEB / "sw.js").read_text()
    words = {language: _words(each) for language, each in strings.items()}
    return service_worker(script, assets.base, names, mains, of_rooms, words)


def _words(strings: Strings) -> dict[str, str]:
    """Returns the texts of notifications. The values stay open for the service worker."""
    values = {"name": "{name}", "time": "{time}"}
    return {word: strings.t(f"notification.{word}", **values) for word in WORDS}
