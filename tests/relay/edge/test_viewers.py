"""Viewers of an edge over their real connections, and an edge that reads nothing."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, WSMsgType, web

from relay.channel.channel import Channel
from relay.edge.counters import DELAYS_MS
from relay.edge.subjects import feed_subject
from relay.message import Kind, Record, unpack_records
from relay.rtc.udp import UdpPort
from relay.sample import Sample, Track
from relay.websocket.counters import WebSocketCounters
from relay.websocket.endpoint import watch
from relay.websocket.viewer import WebSocketViewer
from relay.whep import WhepSessions
from tests.fixtures.deadline import eventually
from tests.fixtures.edges import Nodes, go_live, publish, publish_steadily
from tests.fixtures.nats import NatsServer
from tests.relay.test_whep import PLAYER


@pytest_asyncio.fixture
async def nodes(nats: NatsServer) -> AsyncIterator[Nodes]:
    made = Nodes(nats.account())
    yield made
    await made.close()


@pytest.fixture
def account(nats: NatsServer) -> str:
    return nats.account()


async def _serve(channel: Channel) -> tuple[web.AppRunner, str]:
    app, connected, buffered = web.Application(), set[WebSocketViewer](), set[WebSocketViewer]()

    async def endpoint(request: web.Request) -> web.StreamResponse:
        return await watch(request, channel, WebSocketCounters(), connected, buffered)

    app.router.add_get("/", endpoint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def test_a_websocket_viewer(nodes: Nodes) -> None:
    """It gets the hello with the origin's ids and time, then inits, burst and live messages."""
    origin, edge = await nodes.origin(), await nodes.edge()
    origin.clock.ahead = 3
    channel = origin.channel()
    samples = go_live(channel)
    publish(channel, samples[:80])
    copy = await edge.open(origin)
    await eventually(lambda: copy.ahead > 2_900_000)
    runner, url = await _serve(copy)
    records: list[Record] = []
    try:
        async with ClientSession() as session, session.ws_connect(url) as ws:
            hello = json.loads(await ws.receive_str(timeout=5))
            assert (hello["stream"], hello["channel"]) == (channel.stream.id, channel.id)
            assert hello["now"] == pytest.approx(origin.clock.now(), abs=1_000_000)
            assert [one["track"] for one in hello["tracks"]] == ["video", "audio"]
            flow = asyncio.create_task(publish_steadily(channel, samples[80:], 0.003))
            last = samples[-1].media_time - 40_000
            async with asyncio.timeout(10):
                while not records or records[-1].media_time < last:
                    message = await ws.receive()
                    assert message.type is WSMsgType.BINARY
                    records += unpack_records(message.data)
            await flow
            await ws.send_str('{"type":"time","id":1}')
            answer = json.loads(await ws.receive_str(timeout=5))
            assert answer["now"] == pytest.approx(origin.clock.now(), abs=1_000_000)
    finally:
        await runner.cleanup()
    assert [record.kind for record in records[:2]] == [Kind.INIT, Kind.INIT]
    frames = [one.sequence for one in records[2:] if one.track == Track.VIDEO]
    assert frames == list(range(len(frames)))


async def test_a_whep_viewer(nodes: Nodes) -> None:
    """Its frames are made from the samples that the edge unpacks."""
    origin, edge = await nodes.origin(), await nodes.edge()
    channel = origin.channel()
    samples = go_live(channel)
    publish(channel, samples[:80])
    copy = await edge.open(origin)
    port = UdpPort()
    await port.open(["127.0.0.1"], 0)
    sessions = WhepSessions(port, ["127.0.0.1"], 4)
    try:
        session = sessions.open(copy, PLAYER, lambda: None)
        burst = sessions.held(copy)
        assert burst > 0
        publish(channel, samples[80:100])
        await eventually(lambda: sessions.held(copy) > burst)
        await sessions.end(session)
        assert not copy.stream.read
    finally:
        await sessions.close()
        await port.close()


async def test_an_edge_that_reads_nothing_does_not_delay_the_others(account: str) -> None:
    """A subscriber takes nothing from its connection while 20 MB pass."""
    nodes = Nodes(account)
    stuck = await _stuck_subscriber(account, feed_subject("a-1", 1, "room"))
    try:
        origin, edge = await nodes.origin(), await nodes.edge()
        channel = origin.channel()
        frames = [one for one in go_live(channel, 4) if one.track is Track.VIDEO][:100]
        copy = await edge.open(origin)
        for frame in frames:
            data = (199_996).to_bytes(4, "big") + bytes((0x65 if frame.key else 0x41,))
            data += bytes(199_995)
            sample = Sample(Track.VIDEO, frame.dts, frame.pts, data, frame.key, False, 0, 0, 0, 1)
            publish(channel, [sample])
            await eventually(lambda at=frame.media_time: copy.edge >= at, 2)  # type: ignore[misc]
    finally:
        stuck.close()
        await nodes.close()
    counters = edge.edges.counters
    assert counters.gaps == origin.origin.counters.dropped == 0
    assert sum(counters.delays) == len(frames)
    assert sum(counters.delays[: DELAYS_MS.index(200) + 1]) == len(frames)


async def _stuck_subscriber(url: str, subject: str) -> socket.socket:
    """Subscribes over a connection from which nothing is read afterwards."""
    where, loop = urlsplit(url), asyncio.get_running_loop()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await loop.sock_connect(sock, (where.hostname, where.port))
    options = json.dumps({"verbose": False, "user": where.username, "pass": where.password})
    await loop.sock_sendall(sock, f"CONNECT {options}\r\nSUB {subject} 1\r\nPING\r\n".encode())
    heard = b""
    async with asyncio.timeout(5):
        while b"PONG" not in heard:
            heard += await loop.sock_recv(sock, 4_096)
    return sock
