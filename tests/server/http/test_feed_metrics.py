"""The metrics of the rooms that nodes show for each other."""

from collections.abc import AsyncIterator

import pytest_asyncio
from prometheus_client import CollectorRegistry, generate_latest

from server.http.feed_metrics import FeedCollector
from tests.fixtures.deadline import eventually
from tests.fixtures.edges import Nodes, go_live, publish
from tests.fixtures.metrics import scrape
from tests.fixtures.nats import NatsServer


@pytest_asyncio.fixture
async def nodes(nats: NatsServer) -> AsyncIterator[Nodes]:
    made = Nodes(nats.account())
    yield made
    await made.close()


async def test_an_origin_and_an_edge(nodes: Nodes) -> None:
    origin, edge = await nodes.origin(), await nodes.edge()
    channel = origin.channel()
    copy = await edge.open(origin)
    publish(channel, go_live(channel, 1))
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    counted = edge.edges.counters
    await eventually(lambda: counted.messages == origin.origin.counters.messages)
    registry = CollectorRegistry()
    registry.register(FeedCollector(origin.origin, edge.edges))
    told = scrape(generate_latest(registry).decode())
    for name in ("feeds", "feed_leases", "feed_edges", "copies"):
        assert told[f"microlive_{name}"] == 1
    sent = told['microlive_feed_sent_messages_total{result="sent"}']
    assert sent == told['microlive_feed_received_messages_total{result="used"}'] > 0
    assert told['microlive_feed_sent_messages_total{result="dropped"}'] == 0
    assert told['microlive_feed_answered_joins_total{result="joined"}'] == 1
    assert told['microlive_feed_joins_total{result="joined"}'] == 1
    assert 0 < told['microlive_feed_delay_seconds_bucket{le="+Inf"}'] <= sent
