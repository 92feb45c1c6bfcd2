"""Decides from the headers of a browser whether a page of this server sends a request."""

from aiohttp import hdrs, web

from server.http.hosts import Origins
from server.http.request import authority_of
from server.settings import Settings

SAFE = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)
"""Methods that change nothing."""
FETCH_SITE = "Sec-Fetch-Site"


class OwnPages:
    """Checks that requests for a change come from a page of this server."""

    def __init__(self, origins: Origins, settings: Settings) -> None:
        self._origins = origins
        self._settings = settings

    def sent(self, request: web.Request) -> bool:
        """Whether the request comes from a page of this server, or is harmless.

        Browsers send Origin with every request that changes something and with every WebSocket
        handshake. A GET request without Origin only reads data. Such a request is harmless:
        SameSite keeps the cookie out of requests of other sites, and without CORS credentials no
        other page can read the answer.
        """
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None:
            host = authority_of(request, self._settings)
            return host is not None and self._origins.is_own(origin, host)
        if request.method in SAFE and hdrs.UPGRADE not in request.headers:
            return True
        return request.headers.get(FETCH_SITE) in ("same-origin", "none")

    def certainly_sent(self, request: web.Request) -> bool:
        """Whether a browser states that a page of this server sends the request. False for
        programs, and for a URL that a person has typed.
        """
        return self.sent(request) and (
            hdrs.ORIGIN in request.headers or request.headers.get(FETCH_SITE) == "same-origin"
        )
