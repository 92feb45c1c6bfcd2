"""The connection to NATS: a line for each NATS that cannot be used."""

import asyncio

import pytest

from server.cluster.connection import Connection
from server.cluster.errors import ClusterError, NoNode, Unreachable
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer, nats_server
from tests.fixtures.s3 import closed_port
from tests.server.cluster.conftest import Connect


async def refused(url: str) -> str:
    with pytest.raises(ClusterError) as refusal:
        await Connection.open(url, "a-12345678")
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


async def test_a_request_is_answered_by_another_node(connect: Connect) -> None:
    one, other = await connect("one"), await connect("other")

    async def answer(data: bytes) -> bytes:
        return data.upper()

    await other.answer("s", answer)
    await other.flush()
    assert await one.request("s", b"hello", 5) == b"HELLO"


async def test_a_request_without_listener_is_refused_at_once(connect: Connect) -> None:
    with pytest.raises(NoNode):
        await (await connect("one")).request("s", b"", 5)


async def test_a_slow_answer_delays_no_other(connect: Connect) -> None:
    one, other, released = await connect("one"), await connect("other"), asyncio.Event()

    async def answer(data: bytes) -> bytes:
        if data == b"slow":
            await released.wait()
        return data

    await other.answer("s", answer)
    await other.flush()
    slow = asyncio.ensure_future(one.request("s", b"slow", 5))
    assert await one.request("s", b"fast", 5) == b"fast"
    released.set()
    assert await slow == b"slow"


async def test_an_error_of_a_listener(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next messages still arrive."""
    one, heard = await connect("one"), list[int]()
    await one.listen("s", lambda message: heard.append(100 // int(message.data)))
    for data in (b"0", b"50"):
        await one.publish("s", data)
    await eventually(lambda: heard == [2])
    assert "a message to s was lost" in caplog.text


async def test_an_error_in_an_answer_is_no_answer(connect: Connect) -> None:
    one, other = await connect("one"), await connect("other")

    async def answer(_: bytes) -> bytes:
        raise ValueError

    await other.answer("s", answer)
    await other.flush()
    with pytest.raises(Unreachable):
        await one.request("s", b"", 0.05)


async def test_a_nats_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.edge.nats_client.CONNECT_WITHIN", 0.3)
    port = closed_port()
    with pytest.raises(Unreachable) as refusal:
        await Connection.open(f"nats://user:secret@127.0.0.1:{port}", "a-12345678")
    text = str(refusal.value)
    assert text.startswith(f"cannot connect to NATS at 127.0.0.1:{port}: ")
    assert "secret" not in text


async def test_a_wrong_password_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.edge.nats_client.CONNECT_WITHIN", 0.5)
    assert "does not accept the user" in await refused(url.replace("user", "other"))


async def test_an_old_nats_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cluster.connection.OLDEST", (99, 0))
    assert "microlive needs 99.0 or later" in await refused(url)


async def test_a_small_payload_limit_is_refused() -> None:
    with nats_server(max_payload=65_536) as server, server.running():
        assert "set its max_payload to at least 1048576" in await refused(server.url())


async def test_an_account_without_jetstream_is_refused() -> None:
    with nats_server(accounts={"a": {"users": [{"user": "u", "password": "p"}]}}) as server:
        with server.running():
            assert "enable jetstream" in await refused(f"nats://u:p@127.0.0.1:{server.port}")


async def test_a_connection_survives_a_restart_of_nats(nats: NatsServer) -> None:
    with nats_server() as server, server.running():
        again = asyncio.Event()
        connection = await Connection.open(server.url(), "one")
        connection.reconnected = again.set
        server.stop()
        async with asyncio.timeout(5):
            with pytest.raises(Unreachable):
                while True:
                    await connection.request("s", b"", 0.05)
            server.start()
            await again.wait()
        assert connection.connected
        await connection.close()
