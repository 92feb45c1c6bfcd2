"""The kernel's figures of a connection, on real connections."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from relay.websocket.tcp import in_kernel


@pytest_asyncio.fixture
async def peers() -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    """An end to write to, and an end to read from, which reads nothing by itself."""
    arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(
        lambda *streams: arrived.put_nowait(streams), "127.0.0.1", 0, limit=1
    )
    async with server:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.sockets[0].getsockname()[1], limit=1
        )
        far, back = await arrived.get()
        yield writer, far
        writer.close()
        back.close()


async def test_what_a_peer_does_not_take_is_in_the_kernel(
    peers: tuple[asyncio.StreamWriter, asyncio.StreamReader],
) -> None:
    writer, _ = peers
    while not writer.transport.get_write_buffer_size():
        writer.write(bytes(65_536))
    assert in_kernel(writer.transport) > 65_536


async def test_a_broken_connection_holds_nothing(
    peers: tuple[asyncio.StreamWriter, asyncio.StreamReader],
) -> None:
    """Its socket has been closed by the time of the call."""
    writer, _ = peers
    writer.write(b"lost")
    writer.transport.abort()
    await asyncio.wait_for(writer.wait_closed(), 5)
    assert in_kernel(writer.transport) == 0
