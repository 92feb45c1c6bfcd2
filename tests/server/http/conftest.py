"""A server with the default settings, and a browser of a visitor. A module may define its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def browser(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        yield browser
