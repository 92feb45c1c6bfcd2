"""The server's health, readiness and configuration, for load balancers and pages."""

from aiohttp import web

from server import __version__
from server.http.payloads import Config, reply
from server.rooms.registry import Rooms
from server.settings import Settings


class StatusEndpoint:
    """The endpoints `/healthz`, `/readyz` and `/api/config`."""

    def __init__(self, rooms: Rooms, settings: Settings) -> None:
        self._rooms = rooms
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/api/config", self.config),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Responds 200 as long as the process runs."""
        return web.Response(text="ok")

    async def ready(self, _: web.Request) -> web.Response:
        """Responds 200 if the server accepts new rooms and sessions: storage answers, and the
        server is not closing. Otherwise responds 503.
        """
        await self._rooms.require_ready()
        return web.Response(text="ok")

    async def config(self, _: web.Request) -> web.Response:
        return reply(Config, {"create": self._settings.create, "version": __version__})
