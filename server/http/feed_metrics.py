"""Metrics of the rooms that nodes show for each other (relay/FEED.md)."""

from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from relay.edge.counters import DELAYS_MS
from relay.edge.edges import Edges
from relay.edge.origin import Origin
from server.http.metric_families import Family, counter


class FeedCollector(Collector):
    """Reads the counters when metrics are requested."""

    def __init__(self, origin: Origin, edges: Edges) -> None:
        self._origin = origin
        self._edges = edges

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family | HistogramMetricFamily]:
        yield from self._of_origin()
        yield from self._of_edge()

    def _of_origin(self) -> Iterator[Family]:
        leases, counters = self._origin.leases, self._origin.counters
        yield GaugeMetricFamily(
            "microlive_feeds", "Rooms that are sent to other nodes", self._origin.feeds
        )
        yield GaugeMetricFamily(
            "microlive_feed_leases", "Rooms that other nodes want, once for each node", len(leases)
        )
        yield GaugeMetricFamily(
            "microlive_feed_edges", "Nodes that want a room of this one", leases.edges
        )
        yield counter(
            "feed_sent_messages",
            "Messages with media and events for other nodes",
            "result",
            {"sent": counters.messages, "dropped": counters.dropped},
        )
        yield CounterMetricFamily("microlive_feed_sent_bytes", "Their size", counters.octets)
        yield counter(
            "feed_answered_joins",
            "Nodes that wanted a room of this one",
            "result",
            {"joined": counters.joins, "refused": counters.refused},
        )

    def _of_edge(self) -> Iterator[Family | HistogramMetricFamily]:
        counters = self._edges.counters
        yield GaugeMetricFamily(
            "microlive_copies", "Rooms of other nodes with viewers here", len(self._edges.channels)
        )
        yield counter(
            "feed_received_messages",
            "Messages with media and events from other nodes",
            "result",
            {
                "used": counters.messages - counters.old - counters.malformed,
                "old": counters.old,
                "malformed": counters.malformed,
            },
        )
        yield CounterMetricFamily("microlive_feed_received_bytes", "Their size", counters.octets)
        yield counter(
            "feed_interruptions",
            "Copies that had to be joined again, by reason",
            "reason",
            {"gap": counters.gaps, "silence": counters.silences},
        )
        yield counter(
            "feed_joins",
            "Joins of rooms of other nodes",
            "result",
            {"joined": counters.joins, "failed": counters.failed},
        )
        yield CounterMetricFamily(
            "microlive_feed_dropped_notices",
            "Notices of viewers that did not reach the owner of the room",
            counters.dropped,
        )
        yield _delays(counters.delays, counters.delay_us)


def _delays(numbers: list[int], sum_us: int) -> HistogramMetricFamily:
    """`numbers`: number of delays in each class of DELAYS_MS, and above."""
    limits = [*(str(limit / 1_000) for limit in DELAYS_MS), "+Inf"]
    below, buckets = 0, []
    for limit, number in zip(limits, numbers, strict=True):
        below += number
        buckets.append((limit, below))
    return HistogramMetricFamily(
        "microlive_feed_delay_seconds",
        "From the arrival of media at its owner to its arrival at this node",
        buckets=buckets,
        sum_value=sum_us / 1_000_000,
    )
