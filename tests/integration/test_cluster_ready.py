"""Readiness of nodes while NATS is away."""

import asyncio
from pathlib import Path

from tests.fixtures.nats import nats_server
from tests.fixtures.nodes import nodes
from tests.fixtures.postgres import Postgres
from tests.fixtures.server import Server


async def becomes_ready(server: Server, status: int) -> None:
    async with asyncio.timeout(10):
        while await server.status("GET", "/readyz") != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_node_with_a_room_stays_ready(postgres: Postgres, tmp_path: Path) -> None:
    """A node without one cannot do anything, but is alive."""
    with nats_server() as nats, nats.running():
        async with nodes(tmp_path, postgres, nats, "one", "two") as (one, two):
            await one.create(title="A test")
            nats.stop()
            await becomes_ready(two, 503)
            async with two.http.get(f"{two.url}/readyz") as answer:
                assert (await answer.json())["code"] == "node_away"
            assert await one.status("GET", "/readyz") == 200
            for server in (one, two):
                assert await server.status("GET", "/healthz") == 200
            nats.start()
            await becomes_ready(two, 200)
