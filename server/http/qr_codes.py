"""Answers with QR codes, and limits how many codes are made."""

from aiohttp import hdrs, web

from server.host.qr import QrCodes
from server.http.limits import RateLimiter
from server.http.request import charge, client_of
from server.settings import Settings

NEW_PER_MINUTE = 30
"""Maximum number of QR codes that are made for one address per minute. Requests for codes in the
cache have no limit.
"""
NEW_PER_SECOND = 20
"""Maximum number of QR codes that are made per second. Each code occupies the event loop for 1 to
4 ms.
"""


class QrAnswers:
    """Makes the answers of all endpoints that show QR codes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codes = QrCodes()
        self._of_address = RateLimiter(NEW_PER_MINUTE, 60.0)
        self._of_all = RateLimiter(NEW_PER_SECOND, 1.0, max_keys=1)

    def answer(self, request: web.Request, text: str, *, public: bool = True) -> web.Response:
        """Returns the QR code of a text as SVG. Raises TooManyRequests; only codes that are not in
        the cache count toward the limits. `public`: whether shared caches may keep the answer.
        """
        svg = self._codes.find(text)
        if svg is None:
            address = client_of(request, self._settings).address
            charge(self._of_address, address, "too many new QR codes from this address")
            charge(self._of_all, "", "too many new QR codes at a time")
            svg = self._codes.make(text)
        scope = "public" if public else "private"
        headers = {hdrs.CACHE_CONTROL: f"{scope}, max-age=3600"}
        return web.Response(body=svg, content_type="image/svg+xml", headers=headers)
