"""The limits of an address hold over all nodes."""

import asyncio
from pathlib import Path

from tests.fixtures.nats import NatsServer
from tests.fixtures.nodes import nodes
from tests.fixtures.postgres import Postgres


async def test_rooms_of_one_node_count_at_the_other(
    postgres: Postgres, nats: NatsServer, tmp_path: Path
) -> None:
    names = ("one", "two")
    async with nodes(tmp_path, postgres, nats, *names, max_rooms_per_address_hour=20) as (one, two):
        for _ in range(20):
            await one.create()
        created = 0
        async with asyncio.timeout(2):
            while await two.status("POST", "/api/rooms", json={}) == 201:
                created += 1
                await asyncio.sleep(0.1)
        assert created < 20
