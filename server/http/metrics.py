"""Metrics for Prometheus. server/API.md lists the metrics. The dashboard server/grafana.json shows
them.
"""

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.http.auth import require_operator
from server.http.feed_metrics import FeedCollector
from server.http.joint_metrics import join_metrics
from server.http.media_metrics import MediaCollector, MediaSources
from server.http.push_metrics import PushCollector
from server.http.server_metrics import ServerCollector, Sources
from server.http.siblings import Siblings
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
        siblings: Siblings | None,
        settings: Settings,
    ) -> None:
        """`siblings`: the other processes of the server, whose metrics are served too."""
        self._registry = registry
        self._siblings = siblings
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
        """Responds with the metrics of all processes. Raises Unauthorized or Forbidden."""
        require_operator(request, self._settings)
        own = generate_latest(self._registry)
        if self._siblings:
            own = join_metrics(await self._siblings.gather("/metrics", own))
        return _answer(own)

    async def get_own(self, _: web.Request) -> web.Response:
        """Responds with the metrics of this process, for the other processes."""
        return _answer(generate_latest(self._registry))


class OwnMetrics:
    """The endpoint `/metrics` of the admin socket."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/metrics", self._metrics.get_own)]


def _answer(metrics: bytes) -> web.Response:
    return web.Response(
        body=metrics,
        headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_PLAIN_0_0_4, hdrs.CACHE_CONTROL: "no-store"},
    )
