"""Viewers at a node that does not own the room."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from scripts.benchmarks.late_viewer import first_picture
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer
from tests.fixtures.nodes import node, nodes
from tests.fixtures.people import Browser
from tests.fixtures.player import WhepPlayer
from tests.fixtures.postgres import Postgres
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import Server
from tests.fixtures.viewer import Viewer


@pytest_asyncio.fixture
async def pair(
    postgres: Postgres, nats: NatsServer, tmp_path: Path
) -> AsyncIterator[tuple[Server, Server]]:
    async with nodes(tmp_path, postgres, nats, "one", "two") as (one, two):
        yield one, two


async def test_a_whep_viewer_and_a_ban(pair: tuple[Server, Server]) -> None:
    """WHEP viewers count at the owner. A ban closes the connection of the person at any node."""
    one, two = pair
    room = await one.create(title="A test")
    path = f"/api/rooms/{room.name}"
    key = {"Authorization": f"Bearer {room.key}"}
    async with Publisher(one.http, room.whip, room.key), Browser(two.url) as browser:
        async with WhepPlayer(two.http, f"{two.url}/whep/{room.name}") as player:
            await player.frames(5, 5)
            await eventually(lambda: one.room(room).channel.viewers == 1)
        message = {"id": "0" * 16, "text": "hello"}
        status, posted = await browser.ask("POST", f"{path}/messages", message)
        assert status == 201
        url, headers = f"{two.url}/ws/{room.name}", {"Origin": two.url}
        async with browser.http.ws_connect(url, headers=headers, max_msg_size=0) as viewer:
            ban = f"{path}/bans/{posted['person']['id']}"
            assert await browser.status("PUT", ban, {"for_good": True}, key) == 200
            async with asyncio.timeout(10):
                async for _ in viewer:
                    pass
            assert viewer.close_code == 4403


async def test_a_late_viewer_of_the_benchmark(pair: tuple[Server, Server]) -> None:
    one, two = pair
    room = await one.create(title="A test")
    async with Publisher(one.http, room.whip, room.key):
        for url in (one.url, two.url):
            assert 0 < await first_picture(url, room.name) < math.inf
    assert await first_picture(two.url, "none") == math.inf


async def test_the_owner_is_started_again(
    postgres: Postgres, nats: NatsServer, tmp_path: Path
) -> None:
    """The viewers of the other node keep their connections."""
    with postgres.database() as database:
        common = {"database": database, "nats": nats.account()}
        async with node(tmp_path, "two", **common) as two, AsyncExitStack() as stack:
            async with node(tmp_path, "one", **common) as one:
                room = await one.create(title="A test")
                async with Publisher(one.http, room.whip, room.key):
                    viewer = Viewer(two.http, two.url, room.name)
                    await stack.enter_async_context(viewer)
                    await viewer.frames(5)
            async with node(tmp_path, "one", **common) as one:
                async with Publisher(one.http, f"{one.url}/whip/{room.name}", room.key):
                    await viewer.frames(5)
