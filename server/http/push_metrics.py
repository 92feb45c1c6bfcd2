"""Metrics of pushes. No label contains the name of a room, person or push service."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.http.metric_families import Family, counter
from server.push.client import Result
from server.push.counters import DROPPED
from server.push.pushes import Pushes


class PushCollector(Collector):
    """Reads the counters when metrics are requested."""

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family]:
        counters = self._pushes.counters
        yield counter(
            "pushes",
            "Pushes to browsers, by result",
            "result",
            {name: counters.results[name] for name in (*Result, DROPPED)},
        )
        yield GaugeMetricFamily(
            "microlive_waiting_pushes", "Pushes that wait to be sent", self._pushes.waiting
        )
        yield counter(
            "pushed_lives",
            "Lives that began: those whose followers were told, and those without pushes because "
            "there was a push about the creator lately",
            "result",
            {"told": counters.lives, "held_back": counters.held_back},
        )
        yield CounterMetricFamily(
            "microlive_forgotten_subscriptions",
            "Subscriptions that were deleted because they are gone or not public",
            counters.forgotten,
        )
