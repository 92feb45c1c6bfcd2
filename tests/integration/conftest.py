"""The whole server over real sockets on loopback, on the event loop that it uses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvloop

from tests.fixtures.publisher import Publisher
from tests.fixtures.server import NewRoom, Server, running
from tests.fixtures.viewer import Viewer


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """uvloop, as in `microlive serve`."""
    return {"uvloop": uvloop.new_event_loop}


@dataclass(frozen=True, slots=True)
class Live:
    """A room on air, and a viewer that has received its first frames."""

    server: Server
    room: NewRoom
    publisher: Publisher
    viewer: Viewer


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    """Settings besides the ports; override it in a module."""
    return {}


@pytest_asyncio.fixture
async def server(tmp_path: Path, settings: dict[str, Any]) -> AsyncIterator[Server]:
    async with running(tmp_path, **settings) as server:
        yield server


@pytest_asyncio.fixture
async def live(server: Server) -> AsyncIterator[Live]:
    room = await server.create(title="A test")
    async with (
        Publisher(server.http, room.whip, room.key) as publisher,
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(10)
        yield Live(server, room, publisher, viewer)
