"""Metrics for Prometheus. server/API.md lists the metrics. The dashboard server/grafana.json shows
them.
"""

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.http.auth import require_operator
from server.http.feed_metrics import FeedCollector
from server.http.media_metrics import MediaCollector, MediaSources
from server.http.push_metrics import PushCollector
from server.http.server_metrics import ServerCollector, Sources
from server.http.social_metrics import SocialCollector, SocialSources
from server.push.pushes import Pushes
from server.settings import Settings


class Metrics:
    """The endpoint `/metrics`. Serves metrics of `registry`, the process, `sources`, `social`,
    `media`, `pushes` and `feeds` to the operator's programs.
    """

    def __init__(
        self,
        sources: Sources,
        social: SocialSources,
        media: MediaSources,
        pushes: Pushes | None,
        feeds: FeedCollector | None,
        registry: CollectorRegistry,
        settings: Settings,
    ) -> None:
        self._registry = registry
        self._settings = settings
        ProcessCollector(registry=registry)
        registry.register(ServerCollector(sources))
        registry.register(SocialCollector(social))
        registry.register(MediaCollector(media))
        if pushes:
            registry.register(PushCollector(pushes))
        if feeds:
            registry.register(feeds)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/metrics", self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Responds with the metrics. Raises Unauthorized or Forbidden."""
        require_operator(request, self._settings)
        return web.Response(
            body=generate_latest(self._registry),
            headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_PLAIN_0_0_4, hdrs.CACHE_CONTROL: "no-store"},
        )
