"""A node that drains behind a load balancer: the pages go on at the other node by themselves."""

import asyncio
from pathlib import Path

import pytest

from scripts.benchmarks.chromium import until
from server import draining
from tests.e2e.pages import Visitors
from tests.e2e.proxy import TcpProxy
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer
from tests.fixtures.nodes import nodes
from tests.fixtures.postgres import Postgres

NOTE_LINKS = """
    window.links = [];
    new MutationObserver(() => links.push(document.body.dataset.link))
        .observe(document.body, { attributeFilter: ['data-link'] });
"""


async def test_the_pages_go_on_at_the_other_node(
    visitors: Visitors,
    postgres: Postgres,
    nats: NatsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The creator sees nothing of it, and the viewer's player connects again."""
    monkeypatch.setattr(draining, "NOTICED", 0.5)
    monkeypatch.setattr(draining, "MOVE_EVERY", 0.5)
    monkeypatch.setattr(draining, "LEAVING", 0.5)
    # Until the ports close, the node refuses the new session.
    visitors.complaints.allow(r"503|ERR_(CONNECTION|EMPTY|SOCKET)|WebSocket connection to")
    async with (
        nodes(tmp_path, postgres, nats, "one", "two") as (one, two),
        TcpProxy(one.url, two.url) as balancer,
    ):
        studio = await visitors.studio(balancer.url)
        watch = await studio.go_live("Moves")
        room = await visitors.room(watch)
        await room.plays(1)
        await studio.page.evaluate(NOTE_LINKS)
        drains = asyncio.create_task(one.draining.run())
        await eventually(lambda: two.rooms.in_memory.is_on_air(watch.rpartition("/")[2]))
        async with asyncio.timeout(5):
            await drains
        moved = await room.seen()
        await room.shows(lambda seen: seen["frames"] > moved["frames"] + 30, within=10)
        assert set(await studio.page.evaluate("links")) <= {"live"}
        await until(
            studio.page,
            "connections.made.filter(({ connectionState }) => connectionState !== 'closed')"
            ".map(({ connectionState }) => connectionState).join() === 'connected'",
            5,
        )
        await studio.end()
        await room.state("ended")
