"""A node that drains: its creators and viewers go to the other node."""

import asyncio
import time
from pathlib import Path

import pytest

from relay.errors import Refusal, RefusalCode
from relay.sample import Track
from scripts.loadgen.clip import encode
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.publishers import Publishers
from server import draining
from tests.e2e.proxy import TcpProxy
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer
from tests.fixtures.nodes import nodes
from tests.fixtures.postgres import Postgres
from tests.fixtures.publisher import Publisher
from tests.fixtures.viewer import Viewer


async def test_a_creator_moves_to_the_other_node(
    postgres: Postgres, nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live goes on there before it ends here, and the node that drains is then empty."""
    monkeypatch.setattr(draining, "NOTICED", 0.2)
    monkeypatch.setattr(draining, "LEAVING", 0.3)
    async with nodes(tmp_path, postgres, nats, "one", "two") as (one, two):
        room = await one.create(title="Moves")
        there = room.whip.replace(one.url, two.url)
        async with (
            Publisher(one.http, room.whip, room.key),
            Viewer(one.http, one.url, room.name) as viewer,
        ):
            await viewer.frames(5)
            drains = asyncio.create_task(one.draining.run())
            await viewer.event(type="move")
            async with Publisher(two.http, there, room.key):
                assert await viewer.closed() == 1001
                async with asyncio.timeout(20):
                    await drains
                await eventually(lambda: two.rooms.in_memory.is_on_air(room.name))
                assert not list(one.rooms.in_memory)
                with pytest.raises(Refusal) as refused:
                    await one.rooms.watch(room.name)
                assert refused.value.code is RefusalCode.SERVER_CLOSING
                async with Viewer(two.http, two.url, room.name) as back:
                    await back.frames(5)
                    assert back.edge(Track.VIDEO) > viewer.edge(Track.VIDEO)
                    assert await two.status("GET", "/readyz") == 200


async def test_a_recorded_creator_moves_behind_a_balancer(
    postgres: Postgres, nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `scripts/load creators --moves` does: refused while the ports are open, then accepted."""
    monkeypatch.setattr(draining, "NOTICED", 0.3)
    monkeypatch.setattr(draining, "MOVE_EVERY", 0.3)
    monkeypatch.setattr(draining, "LEAVING", 0.3)
    async with (
        nodes(tmp_path, postgres, nats, "one", "two") as (one, two),
        TcpProxy(one.url, two.url) as balancer,
    ):
        room = await one.create(title="Moves")
        whip = room.whip.replace(one.url, balancer.url)
        clip = encode(160, 120, 30, 200).to_json()
        publishers = Publishers(
            PublishersPlan(False, [(room.name, room.key, whip)], clip, 0, 0, moves=True)
        )
        publishers.start(time.time())
        try:
            await eventually(lambda: one.rooms.in_memory.is_on_air(room.name))
            async with asyncio.timeout(30):
                await one.draining.run()
            await eventually(lambda: two.rooms.in_memory.is_on_air(room.name))
            await eventually(lambda: publishers.counts.events["moved"])
            assert sum(each.sending for each in publishers._publishers) == 1
            async with Viewer(two.http, two.url, room.name) as viewer:
                await viewer.frames(5)
        finally:
            await publishers.close()
