"""The server's health, readiness and configuration, for load balancers and pages."""

from aiohttp import web

from relay.errors import RefusalCode
from server import __version__
from server.errors import Unavailable
from server.host.admission import RETRY_FIRST, Admission
from server.host.headroom import Level
from server.http.payloads import Config, ServerHealth, reply
from server.memory.budget import MemoryBudget
from server.rooms.registry import Rooms
from server.settings import Settings


class StatusEndpoint:
    """The endpoints `/healthz`, `/readyz`, `/api/health` and `/api/config`."""

    def __init__(
        self, rooms: Rooms, admission: Admission, memory: MemoryBudget, settings: Settings
    ) -> None:
        self._rooms = rooms
        self._memory = memory
        self._admission = admission
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/api/health", self.health),
            web.get("/api/config", self.config),
        ]

    async def alive(self, _: web.Request) -> web.Response:
        """Responds 200 as long as the process runs."""
        return web.Response(text="ok")

    async def ready(self, _: web.Request) -> web.Response:
        """Responds 200 if the server accepts new rooms and sessions: storage answers, and the
        server is neither full nor draining nor closing. A node of a cluster must have a room of its
        own or reach the others. Otherwise responds 503.
        """
        await self._rooms.require_ready()
        if self._admission.full or not self._memory.creators:
            raise Unavailable(
                RefusalCode.SERVER_FULL, "the server accepts no new creators now", RETRY_FIRST
            )
        return web.Response(text="ok")

    async def health(self, _: web.Request) -> web.Response:
        """Responds with the load and the memory of the server."""
        admission, headroom = self._admission, self._admission.headroom
        creators = min(admission.creators, self._memory.creators)
        level = Level.FULL if not creators and headroom.level is Level.FREE else headroom.level
        answer = ServerHealth(
            level=level,
            load=round(headroom.load, 3),
            lateness=round(headroom.lateness * 1_000, 1),
            creators=creators,
            viewers=admission.viewers,
            creator_cost=round(headroom.creator_cost, 5),
            viewer_cost=round(headroom.viewer_cost, 6),
            lost_datagrams=headroom.dropped,
            memory=self._memory.figures.all_resident,
            memory_budget=self._memory.limits.budget,
        )
        return reply(ServerHealth, answer)

    async def config(self, _: web.Request) -> web.Response:
        settings = self._settings
        answer = {
            "create": settings.create,
            "version": __version__,
            "keep_replays": settings.keep_replays,
        }
        return reply(Config, answer)
