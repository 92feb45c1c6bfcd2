"""`/api/clips/{clip}/qr.svg`: the QR code of the URL of a clip's page."""

from aiohttp import web

from server.http.clip_access import ClipAccess
from server.http.qr_codes import QrAnswers
from server.http.request import url_of
from server.settings import Settings


class ClipQrEndpoint:
    """The endpoint `/api/clips/{clip}/qr.svg`."""

    def __init__(self, access: ClipAccess, codes: QrAnswers, settings: Settings) -> None:
        self._access = access
        self._codes = codes
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/clips/{clip}/qr.svg", self.get)]

    async def get(self, request: web.Request) -> web.Response:
        found = await self._access.find(request)
        url = url_of(request, f"/c/{found.clip.record.id}", self._settings)
        return self._codes.answer(request, url, public=False)
