"""Viewers over real sockets, for what happens to their connections."""

import asyncio
import socket
import struct

import pytest
from aiohttp import web

from relay.channel.channel import Channel
from relay.websocket.counters import WebSocketCounters
from relay.websocket.endpoint import watch
from relay.websocket.viewer import WebSocketViewer
from tests.fixtures.circles import held, no_collector
from tests.fixtures.deadline import eventually
from tests.relay.websocket.test_viewer import on_air, picture

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
    f"Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82\0\0\0\0\x03\xe9"
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: the connection is cut."""


@pytest.mark.parametrize("way", ["closes", "hangs up", "vanishes", "never reads"])
async def test_nothing_is_left_of_a_viewer_who_leaves(way: str) -> None:
    """Whichever way, and without a garbage collection: neither the viewer nor aiohttp's connection,
    which its last error could keep in a circle.
    """
    channel, connected = on_air(), set[WebSocketViewer]()
    runner, port = await _serve(channel, connected)
    with no_collector():
        for _ in range(3):
            await _come_and_go(port, channel, connected, way)
        await eventually(lambda: not held(WebSocketViewer, web.WebSocketResponse, web.Request))
    await runner.cleanup()


async def _serve(channel: Channel, connected: set[WebSocketViewer]) -> tuple[web.AppRunner, int]:
    """As the server does, where a handler outlives its connection; aiohttp's own test server would
    cancel it.
    """
    app, counters = web.Application(), WebSocketCounters()

    async def door(request: web.Request) -> web.StreamResponse:
        return await watch(request, channel, counters, connected)

    app.router.add_get("/", door)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def _come_and_go(
    port: int, channel: Channel, connected: set[WebSocketViewer], way: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE.encode())
    await reader.readuntil(b"\r\n\r\n")
    await eventually(lambda: connected)
    for number in range(1, 200 if way == "never reads" else 5):
        picture(channel, number, size=20_000)
    await asyncio.sleep(0)
    if way == "closes":
        writer.write(CLOSE)
        await reader.read()
    elif way != "hangs up":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        writer.transport.abort()
    writer.close()
    await eventually(lambda: not connected)
