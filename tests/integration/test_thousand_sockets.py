"""One viewer opens a thousand of everything.

It gets as many as one address may have, and a refusal for each of the others. Other viewers lose no
frame.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, TCPConnector, WSMsgType

from relay.hls.rendition import Rendition
from server.http import connections
from server.http.connections import EACH
from tests.fixtures.deadline import eventually
from tests.fixtures.player import SDP, WhepPlayer
from tests.integration.conftest import Live

THOUSAND, LIMIT = 1_000, 100
ADDRESS = "127.0.0.2"
"""The address of the greedy viewer; all others are at 127.0.0.1."""
WITHIN = 30.0


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    return {"max_sockets_per_address": LIMIT, "max_connecting_whep_per_address": LIMIT}


@pytest_asyncio.fixture
async def unharmed(live: Live) -> AsyncIterator[Live]:
    """A live whose viewer must not miss a frame, during the test or after it."""
    yield live
    await live.viewer.frames(10)
    live.viewer.assert_unbroken()
    assert len(live.server.udp.peers) == 1, "only the creator is left"


@pytest_asyncio.fixture
async def greedy() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(limit=0, local_addr=(ADDRESS, 0))) as http:
        yield http


@pytest.mark.timeout(90)
async def test_websockets(unharmed: Live) -> None:
    live, channel = unharmed, unharmed.server.channel(unharmed.room)
    others = channel.viewers
    async with AsyncExitStack() as stack:
        answers = Counter(await asyncio.gather(*(_upgrade(stack, live) for _ in range(THOUSAND))))
        assert answers == {101: LIMIT, 429: THOUSAND - LIMIT}
        assert channel.viewers == others + LIMIT
        await live.viewer.frames(30)
    await eventually(lambda: channel.viewers == others)
    async with AsyncExitStack() as stack:
        assert await _upgrade(stack, live) == 101, "who left made room"


@pytest.mark.timeout(90)
async def test_connections_that_say_nothing(
    unharmed: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times as many connections as WebSockets may stay, for a short time."""
    live = unharmed
    async with AsyncExitStack() as stack:
        opened = [await _connect(stack, live) for _ in range(THOUSAND)]
        kept, refused = opened[: EACH * LIMIT], opened[EACH * LIMIT :]
        for reader, _ in refused:
            async with asyncio.timeout(WITHIN):
                answer = await reader.read()
                assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
                assert b"\r\nRetry-After: 10\r\n" in answer
        await live.viewer.frames(30)
        assert await live.server.status("GET", "/healthz") == 200
        async with live.server.http.ws_connect(f"{live.server.url}/ws/{live.room.name}") as late:
            await late.receive()
            kept[0][1].write(b"GET /healthz HTTP/1.1\r\nHost: ")
            kept[1][1].write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(WITHIN):
                assert (await kept[1][0].readline()).endswith(b" 200 OK\r\n")
                monkeypatch.setattr(connections, "SILENT", 0.0)
                assert {await reader.read() for reader, _ in [kept[0], *kept[2:]]} == {b""}, (
                    "closed, without a word"
                )
            kept[1][1].write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(WITHIN):
                while not (await kept[1][0].readline()).endswith(b"HTTP/1.1 200 OK\r\n"):
                    pass
            await late.send_json({"type": "time", "id": 1})
            async with asyncio.timeout(WITHIN):
                while (await late.receive()).type is not WSMsgType.TEXT:
                    pass
        assert await _upgrade(stack, live) == 101, "there is room again"


@pytest.mark.timeout(90)
async def test_hls_reloads(unharmed: Live, greedy: ClientSession) -> None:
    """Waiting reloads count too: above the limit the answer is 429. A viewer at another address
    gets its playlist.
    """
    live, base = unharmed, f"{unharmed.server.url}/hls/{unharmed.room.name}"
    async with live.server.http.get(f"{base}/live.m3u8") as response:
        assert response.status == 200
    (rendition,) = cast(list[Rendition], live.server.channel(live.room)._outputs)
    number, _ = rendition.playlist.position
    most = 0

    async def reload() -> int:
        nonlocal most
        async with greedy.get(f"{base}/live.m3u8?_HLS_msn={number + 1}&_HLS_part=0") as response:
            most = max(most, rendition.waiting)
            return response.status

    flood = asyncio.gather(*(reload() for _ in range(THOUSAND)))
    await live.viewer.frames(5)
    async with live.server.http.get(
        f"{base}/live.m3u8?_HLS_msn={number + 1}&_HLS_part=0"
    ) as response:
        assert response.status == 200
    answers = Counter(await flood)
    assert set(answers) == {200, 429} and answers[200] >= LIMIT, answers
    assert 0 < most <= LIMIT + 1
    await eventually(lambda: rendition.waiting == 0)


@pytest.mark.timeout(90)
async def test_whep_sessions(unharmed: Live, greedy: ClientSession) -> None:
    live, whep = unharmed, f"{unharmed.server.url}/whep/{unharmed.room.name}"
    player = WhepPlayer(greedy, whep)
    offer = await player.offer()

    async def play() -> tuple[int, str]:
        async with greedy.post(whep, data=offer, headers=SDP) as response:
            return response.status, response.headers.get("Location", "")

    answers = await asyncio.gather(*(play() for _ in range(THOUSAND)))
    assert Counter(status for status, _ in answers) == {201: LIMIT, 429: THOUSAND - LIMIT}
    assert len(live.server.whep.sessions) == LIMIT
    async with WhepPlayer(live.server.http, whep) as other:
        await other.frames(10)
    for location in filter(None, (location for _, location in answers)):
        async with greedy.delete(location) as response:
            assert response.status == 200
    await eventually(lambda: not live.server.whep.sessions)
    await player.peer.close()


async def _connect(
    stack: AsyncExitStack, live: Live
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that stays until the stack is left."""
    server = urlsplit(live.server.url)
    reader, writer = await asyncio.open_connection(
        server.hostname, server.port, local_addr=(ADDRESS, 0)
    )
    stack.push_async_callback(_cut, writer)
    return reader, writer


async def _cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _upgrade(stack: AsyncExitStack, live: Live) -> int:
    """The status of a WebSocket handshake. What follows stays unread."""
    reader, writer = await _connect(stack, live)
    writer.write(
        f"GET /ws/{live.room.name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
        "websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    async with asyncio.timeout(WITHIN):
        return int((await reader.readline()).split()[1])
