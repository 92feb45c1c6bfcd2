"""The bus over a real nats-server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.edge import nats_client
from relay.edge.bus import BusError, NoResponders, Reply, RequestTimeout
from relay.edge.nats_bus import NatsBus
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer, nats_server


@pytest_asyncio.fixture
async def buses(nats: NatsServer) -> AsyncIterator[tuple[NatsBus, NatsBus]]:
    """Two connections of one account."""
    url = nats.account()
    sender, receiver = await NatsBus.connect(url, "a"), await NatsBus.connect(url, "b")
    yield sender, receiver
    await sender.close()
    await receiver.close()


class Received:
    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    def __call__(self, subject: str, data: bytes, reply: Reply) -> None:
        self.messages.append((subject, data))


async def test_messages_arrive_in_order(buses: tuple[NatsBus, NatsBus]) -> None:
    sender, receiver = buses
    received = Received()
    subscription = await receiver.subscribe("ml.f.a.1.*", received)
    assert all(sender.publish(f"ml.f.a.1.r{n % 2}", b"%d" % n) for n in range(500))
    await eventually(lambda: len(received.messages) == 500)
    assert [data for _, data in received.messages] == [b"%d" % n for n in range(500)]
    assert received.messages[1][0] == "ml.f.a.1.r1"
    await subscription.close()
    await subscription.close()


async def test_requests(buses: tuple[NatsBus, NatsBus]) -> None:
    sender, receiver = buses
    await receiver.subscribe("double", lambda _, data, reply: reply(data * 2))
    await receiver.subscribe("silent", lambda *_: None)
    assert await sender.request("double", b"ab", 5) == b"abab"
    with pytest.raises(RequestTimeout):
        await sender.request("silent", b"", 0.05)
    with pytest.raises(NoResponders):
        await sender.request("unknown", b"", 5)
    sender.publish("double", b"")  # a message that is no request gets no answer


async def test_an_error_of_a_receiver(
    buses: tuple[NatsBus, NatsBus], caplog: pytest.LogCaptureFixture
) -> None:
    """The next messages still arrive."""
    sender, receiver = buses
    received: list[int] = []

    def receive(_: str, data: bytes, __: Reply) -> None:
        received.append(100 // int(data))

    await receiver.subscribe("x", receive)
    sender.publish("x", b"0")
    sender.publish("x", b"50")
    await eventually(lambda: received == [2])
    assert "a message to x was lost" in caplog.text


async def test_what_does_not_fit_is_dropped(nats: NatsServer) -> None:
    bus = await NatsBus.connect(nats.account(), "a", most_pending=10_000)
    assert bus.publish("x", bytes(9_000))
    assert not bus.publish("x", bytes(9_000))
    assert bus.dropped == 1
    await eventually(lambda: bus.publish("x", bytes(9_000)))
    await bus.close()


async def test_a_message_over_the_limit_of_the_server(buses: tuple[NatsBus, NatsBus]) -> None:
    bus, _ = buses
    assert bus.max_payload == 1 << 20
    assert not bus.publish("x", bytes(bus.max_payload + 1))
    with pytest.raises(BusError):
        await bus.request("x", bytes(bus.max_payload + 1), 1)


async def test_nats_goes_away_and_returns() -> None:
    """Messages are dropped meanwhile, never sent late."""
    back = asyncio.Event()
    with nats_server() as server:
        server.start()
        bus = await NatsBus.connect(server.url(), "a", reconnected=back.set)
        received = Received()
        await bus.subscribe("x", received)
        server.stop()
        await eventually(lambda: not bus.connected)
        assert not bus.publish("x", b"lost")
        with pytest.raises(BusError):
            await bus.request("x", b"", 1)
        with pytest.raises(BusError):
            await bus.subscribe("y", received)
        server.start()
        await asyncio.wait_for(back.wait(), 10)
        assert bus.publish("x", b"new")
        await eventually(lambda: received.messages == [("x", b"new")])
        await bus.close()
        server.stop()


async def test_no_nats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_client, "CONNECT_WITHIN", 0.2)
    with nats_server() as server, pytest.raises(BusError, match=f"127.0.0.1:{server.port}"):
        await NatsBus.connect(server.url(), "a")
