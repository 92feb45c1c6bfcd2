"""Connections of viewers over real sockets."""

import asyncio
import gc
import socket
import struct

import pytest
from aiohttp import web

from relay.channel.channel import Channel
from relay.errors import RefusalCode
from relay.meter import Meter
from relay.websocket import writer
from relay.websocket.counters import WebSocketCounters
from relay.websocket.endpoint import watch
from relay.websocket.viewer import WebSocketViewer
from tests.fixtures.circles import held, no_collector
from tests.fixtures.deadline import eventually
from tests.relay.websocket.test_viewer import on_air, publish_frame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
    f"Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82\0\0\0\0\x03\xe9"
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset."""


@pytest.mark.parametrize("how", ["closes", "hangs up", "vanishes", "never reads"])
async def test_nothing_is_left_of_a_viewer_that_leaves(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The viewer and aiohttp's connection are freed without a garbage collection.

    The last error of a connection could keep the connection in a reference cycle.
    """
    monkeypatch.setattr(writer, "CLOSE_WITHIN", 0.1)
    channel, connected, buffered = on_air(), set[WebSocketViewer](), set[WebSocketViewer]()
    runner, port = await _serve(channel, connected, buffered)
    kinds = (WebSocketViewer, web.WebSocketResponse, web.Request)
    try:
        with no_collector():
            before = len(held(*kinds))  # other tests in this process may have left some
            for _ in range(3):
                await _come_and_go(port, channel, connected, how)
            await eventually(lambda: len(held(*kinds)) <= before)
        assert not connected and not buffered
    finally:
        await runner.cleanup()


async def test_a_cancelled_request_ends_the_viewer() -> None:
    """The server cancels requests at its end. The task that receives messages ends too."""
    channel, connected, buffered = on_air(), set[WebSocketViewer](), set[WebSocketViewer]()
    requests: list[asyncio.Task[object]] = []
    runner, port = await _serve(channel, connected, buffered, requests)
    before = asyncio.all_tasks()
    _, client = await asyncio.open_connection("127.0.0.1", port)
    client.write(HANDSHAKE.encode())
    await eventually(lambda: connected)
    requests.pop().cancel()
    await eventually(lambda: asyncio.all_tasks() <= before)
    assert not connected and not buffered and channel.viewers == 0
    client.close()
    await runner.cleanup()
    gc.collect()  # the exception of a cancelled task is in a cycle with its frames


async def _serve(
    channel: Channel,
    connected: set[WebSocketViewer],
    buffered: set[WebSocketViewer],
    requests: list[asyncio.Task[object]] | None = None,
) -> tuple[web.AppRunner, int]:
    """Serves as the server does: a handler outlives its connection.

    The test server of aiohttp would cancel it. `requests` gets the task of each request.
    """
    app, counters = web.Application(), WebSocketCounters()

    account = Meter().client("127.0.0.1", 0.0)

    async def endpoint(request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        if requests is not None and task is not None:
            requests.append(task)
        return await watch(request, channel, counters, connected, buffered, account=account)

    app.router.add_get("/", endpoint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def _come_and_go(
    port: int, channel: Channel, connected: set[WebSocketViewer], how: str
) -> None:
    reader, client = await asyncio.open_connection("127.0.0.1", port)
    client.write(HANDSHAKE.encode())
    await reader.readuntil(b"\r\n\r\n")
    await eventually(lambda: connected)
    for number in range(1, 200 if how == "never reads" else 5):
        publish_frame(channel, number, size=20_000)
    await asyncio.sleep(0)
    if how == "closes":
        client.write(CLOSE)
        await reader.read()
    elif how == "never reads":
        for viewer in list(connected):
            viewer.close(RefusalCode.ROOM_ENDED, "the room has ended")
        await eventually(lambda: not connected)
    elif how == "vanishes":
        client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        client.transport.abort()
    client.close()
    await eventually(lambda: not connected)


def masked(opcode: int, payload: bytes) -> bytes:
    """A frame as a client sends it. Its mask of zeros changes nothing."""
    return bytes((opcode, 0xFE)) + len(payload).to_bytes(2, "big") + bytes(4) + payload


@pytest.mark.parametrize(
    ("sent", "code", "reason"),
    [
        (masked(0x81, b"x" * 5_000), 1009, b"message_too_large: "),
        (masked(0x81, b"\xff" * 200), 1007, b"bad_notice: "),
        (masked(0x8B, b"x" * 200), 1002, b"bad_request: "),
        (masked(0x81, b'{"type":"dance"}' + b" " * 200), 1007, b"bad_notice: "),
    ],
    ids=["large", "not UTF-8", "no frame", "no notice"],
)
@pytest.mark.parametrize("reads", [True, False])
async def test_a_mistake_ends_the_connection_within_a_deadline(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, code: int, reason: bytes, reads: bool
) -> None:
    """The close reason has a code. A viewer that reads nothing is cut off, and nothing of it
    remains.
    """
    monkeypatch.setattr(writer, "CLOSE_WITHIN", 5.0 if reads else 0.1)
    channel, connected, buffered = on_air(), set[WebSocketViewer](), set[WebSocketViewer]()
    runner, port = await _serve(channel, connected, buffered)
    reader, client = await asyncio.open_connection("127.0.0.1", port)
    client.write(HANDSHAKE.encode())
    await reader.readuntil(b"\r\n\r\n")
    await eventually(lambda: connected)
    if not reads:
        client.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(1, 400):
            publish_frame(channel, number, size=20_000)
    client.write(sent)
    if reads:
        data = await asyncio.wait_for(reader.readuntil(reason), 5)
        assert data[-len(reason) - 2 : -len(reason)] == code.to_bytes(2, "big")
        client.write(CLOSE)
        await asyncio.wait_for(reader.read(), 5)
    await eventually(lambda: not connected)
    await eventually(lambda: not held(WebSocketViewer))
    client.close()
    await runner.cleanup()
