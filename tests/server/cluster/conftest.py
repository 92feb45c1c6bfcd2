"""Connections of nodes to a real nats-server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from server.cluster.connection import Connection
from tests.fixtures.nats import NatsServer

Connect = Callable[[str], Awaitable[Connection]]


@pytest.fixture
def url(nats: NatsServer) -> str:
    """The URL of an account that only this test uses."""
    return nats.account()


@pytest_asyncio.fixture
async def connect(nothing_left: None, url: str) -> AsyncIterator[Connect]:
    """Connects a node to NATS, until the test ends."""
    async with AsyncExitStack() as stack:

        async def connect(name: str) -> Connection:
            connection = await Connection.open(url, name)
            stack.push_async_callback(connection.close)
            return connection

        yield connect
