"""The socket writer: bytes that wait, and an end that has a deadline."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from relay.channel.message import Message
from relay.channel.wsframe import CLOSE
from relay.websocket import writer as writer_module
from relay.websocket.counters import WebSocketCounters
from relay.websocket.writer import SocketWriter
from tests.fixtures.deadline import eventually

MANY = 8_000_000
"""More bytes than a connection takes from a writer whose peer does not read."""


class Closed(asyncio.Protocol):
    """Records the end of its connection."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


@dataclass
class Pair:
    """A writer, its transport, and the peer that reads only what a test reads."""

    writer: SocketWriter
    transport: asyncio.WriteTransport
    protocol: Closed
    peer: socket.socket
    counters: WebSocketCounters

    def read(self) -> bytes:
        data = b""
        while True:
            try:
                piece = self.peer.recv(1 << 20)
            except (BlockingIOError, ConnectionError):
                return data
            if not piece:
                return data
            data += piece

    async def read_all(self) -> bytes:
        """Reads until nothing waits in the transport."""
        data = b""
        async with asyncio.timeout(10):
            while self.writer.buffered:
                data += self.read()
                await asyncio.sleep(0)
        return data + self.read()


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    ours.setblocking(False)
    peer.setblocking(False)
    transport, protocol = await asyncio.get_running_loop().create_connection(Closed, sock=ours)
    counters = WebSocketCounters()
    made = Pair(SocketWriter(transport, counters), transport, protocol, peer, counters)
    yield made
    made.writer.finish()
    made.writer.cut()
    peer.close()
    await asyncio.wait_for(protocol.over.wait(), 5)


async def test_what_waits_is_measured_and_events_are_counted(pair: Pair) -> None:
    """The figures are the bytes that the peer has not taken, the time since it took some, and the
    bytes of events.
    """
    pair.writer.write(b"first", 5)
    assert pair.writer.measure()[0] == 0 and pair.writer.event_bytes == 0
    pair.writer.write(bytes(MANY), 100)
    pair.writer.write(bytes(1_000), 1_000)
    waiting, _ = pair.writer.measure()
    assert 0 < waiting <= MANY + 1_000 and pair.writer.event_bytes == 1_100
    read = await pair.read_all()
    while len(read) < MANY + 1_005:
        read += pair.read()
    await eventually(lambda: not pair.writer.measure()[0])
    assert pair.writer.event_bytes == 0 and pair.counters.octets == MANY + 1_005
    assert pair.writer.measure()[1] < 5


async def test_the_rest_of_a_direct_message_follows_in_order(pair: Pair) -> None:
    overflows: list[int] = []
    direct = pair.writer.open_direct(lambda message, sent: overflows.append(sent))
    assert direct and pair.writer.open_direct(lambda *_: None) is direct
    frame = bytes(range(256)) * (MANY // 256)
    sent = pair.writer.write_direct(frame)
    assert 0 < sent < len(frame)
    pair.writer.write_rest(Message(frame, b"", 0, 0), sent)
    pair.writer.write(b"next")
    read = await pair.read_all()
    while len(read) < len(frame) + 4:
        read += pair.read()
    assert read == frame + b"next" and pair.counters.octets == len(read)


@pytest.mark.parametrize("how", ["close", "stop", "finish"])
async def test_a_peer_that_reads_nothing_is_cut(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """However the connection ends, nothing of it and of its waiting bytes remains."""
    monkeypatch.setattr(writer_module, "CLOSE_WITHIN", 0.05)
    pair.writer.write(bytes(MANY))
    if how == "close":
        pair.writer.close(4408, "not_reading: test")
    elif how == "stop":
        pair.writer.stop()
    else:
        pair.writer.finish()
    await asyncio.wait_for(pair.protocol.over.wait(), 5)
    assert not pair.writer.buffered


async def test_a_close_frame_has_the_code_and_what_fits_of_the_reason(pair: Pair) -> None:
    pair.writer.close(4410, "room_ended: " + "ö" * 100)
    frame = pair.read()
    assert frame[0] == CLOSE and frame[1] == len(frame) - 2 <= 125
    assert int.from_bytes(frame[2:4], "big") == 4410
    assert frame[4:].decode().startswith("room_ended: öö")


async def test_a_peer_that_reads_gets_everything_before_the_end(pair: Pair) -> None:
    pair.writer.write(bytes(MANY))
    pair.writer.close(1001, "server_closing: test")
    pair.writer.finish()
    read = b""
    async with asyncio.timeout(10):
        while not pair.protocol.over.is_set():
            read += pair.read()
            await asyncio.sleep(0)
    read += pair.read()
    assert read[MANY] == CLOSE and b"server_closing" in read[MANY:]
    pair.writer.write(b"late")
    assert pair.counters.octets == len(read)
