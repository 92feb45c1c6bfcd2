"""The poller: complete reads, few connections at a time, and the end of each connection."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from scripts.loadgen.poller import AT_ONCE, Poller
from tests.fixtures.deadline import eventually

BUFFER = 1_024


@pytest.fixture
def buffer() -> bytearray:
    return bytearray(BUFFER)


@pytest.fixture
async def poller(buffer: bytearray) -> AsyncIterator[Poller]:
    made = Poller(memoryview(buffer))
    yield made
    made.close()


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(3 * AT_ONCE)]
        for pair in made:
            for end in pair:
                end.setblocking(False)
                stack.enter_context(end)
        yield made


async def test_data_larger_than_the_buffer_is_read_completely(
    poller: Poller, buffer: bytearray, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    ours, theirs = pairs[0]
    sent = bytes(range(256)) * (10 * BUFFER // 256)
    received = bytearray()
    poller.add(ours.fileno(), lambda size: received.extend(buffer[:size]))
    theirs.sendall(sent)
    await eventually(lambda: len(received) == len(sent))
    theirs.sendall(sent[:100])
    await eventually(lambda: len(received) == len(sent) + 100)
    assert received == sent + sent[:100]


async def test_the_loop_runs_between_batches(
    poller: Poller, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    loop = asyncio.get_running_loop()
    order: list[str] = []

    def beat() -> None:
        order.append("beat")
        if order.count("read") < len(pairs):
            loop.call_soon(beat)

    for ours, theirs in pairs:
        theirs.sendall(b"frame")
        poller.add(ours.fileno(), lambda _: order.append("read"))
    loop.call_soon(beat)
    await eventually(lambda: order.count("read") == len(pairs))
    runs = "".join("r" if what == "read" else " " for what in order).split()
    assert max(map(len, runs)) <= AT_ONCE


async def test_the_end_is_reported_once_and_last(
    poller: Poller, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    ours, theirs = pairs[0]
    sizes: list[int] = []
    poller.add(ours.fileno(), sizes.append)
    theirs.sendall(b"last")
    theirs.close()
    await eventually(lambda: 0 in sizes)
    assert sizes == [4, 0]
    poller.remove(ours.fileno())  # closed already


async def test_a_broken_connection_has_ended(poller: Poller) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
    ):
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        ours.setblocking(False)
        sizes: list[int] = []
        poller.add(ours.fileno(), sizes.append)
        theirs.close()
        await eventually(lambda: sizes == [0])


async def test_a_removed_connection_receives_nothing(
    poller: Poller, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    received: list[int] = []
    for number, (ours, theirs) in enumerate(pairs[:2]):
        other = pairs[1 - number][0].fileno()

        def take(_: int, number: int = number, other: int = other) -> None:
            received.append(number)
            poller.remove(other)

        theirs.sendall(b"frame")
        poller.add(ours.fileno(), take)
    await eventually(lambda: bool(received))
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(received) == 1


async def test_each_read_returns_one_datagram(poller: Poller, buffer: bytearray) -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as ours,
        socket.socket(type=socket.SOCK_DGRAM) as theirs,
    ):
        for end in (ours, theirs):
            end.bind(("127.0.0.1", 0))
            end.setblocking(False)
        ours.connect(theirs.getsockname())
        received: list[bytes] = []
        poller.add(
            ours.fileno(), lambda size: received.append(bytes(buffer[:size])), datagrams=True
        )
        sent = [bytes((number,)) * (number + 1) for number in range(10)]
        for data in sent:
            theirs.sendto(data, ours.getsockname())
        await eventually(lambda: len(received) == len(sent))
        assert received == sent
        # A closed port is reported as an error of the socket.
        theirs.close()
        ours.send(b"anybody there?")
        await eventually(lambda: received[-1] == b"")
