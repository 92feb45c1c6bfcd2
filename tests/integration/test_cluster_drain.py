"""A node that drains: its creators and viewers go to the other node."""

import asyncio
from pathlib import Path

import pytest

from server import draining
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
                async with asyncio.timeout(5):
                    await drains
                assert two.rooms.in_memory.is_on_air(room.name)
                assert not list(one.rooms.in_memory)
                async with Viewer(two.http, two.url, room.name) as back:
                    await back.frames(5)
                    assert back.media(0)[0].media_time > viewer.media(0)[-1].media_time
                    assert await two.status("GET", "/readyz") == 200
