"""WebSocket frames, against the RFC's own examples and aiohttp's client."""

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from relay.channel.wsframe import BINARY, frame_header, text_frame

LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]


def test_examples_of_the_rfc() -> None:
    """RFC 6455 §5.7: an unmasked text message, and headers of 256 bytes and 64 KiB."""
    assert text_frame("Hello") == bytes.fromhex("810548656c6c6f")
    assert frame_header(BINARY, 256) == bytes.fromhex("827e0100")
    assert frame_header(BINARY, 65_536) == bytes.fromhex("827f0000000000010000")


async def test_a_client_reads_every_length() -> None:
    """Payloads on both sides of every change of header size arrive whole, although aiohttp's own
    writer does not write them.
    """
    payloads = [bytes(index % 251 for index in range(length)) for length in LENGTHS]

    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        assert request.transport is not None
        for payload in payloads:
            request.transport.write(
                frame_header(BINARY, len(payload))
                + payload
                + text_frame("é" * (len(payload) // 100))
            )
        await ws.receive()
        return ws

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/", max_msg_size=0) as ws:
        for payload in payloads:
            message = await ws.receive(timeout=5)
            assert (message.type, message.data) == (WSMsgType.BINARY, payload)
            message = await ws.receive(timeout=5)
            assert (message.type, message.data) == (WSMsgType.TEXT, "é" * (len(payload) // 100))
