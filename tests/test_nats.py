"""tests/fixtures/nats.py: a real nats-server."""

import nats as client
import pytest
from nats.aio.client import Client
from nats.js.errors import KeyWrongLastSequenceError

from tests.fixtures.nats import NatsServer


async def connected(url: str) -> Client:
    return await client.connect(url, connect_timeout=5, allow_reconnect=False)


async def test_clients_of_one_account_hear_each_other_and_no_others(nats: NatsServer) -> None:
    url = nats.account()
    sender, receiver, other = [await connected(one) for one in (url, url, nats.account())]
    heard, unheard = await receiver.subscribe("s"), await other.subscribe("s")
    await receiver.flush()
    await other.flush()
    await sender.publish("s", b"hello")
    assert (await heard.next_msg(timeout=5)).data == b"hello"
    await other.flush()
    assert unheard.pending_msgs == 0
    for one in (sender, receiver, other):
        await one.close()


async def test_an_account_keeps_values_in_memory(nats: NatsServer) -> None:
    connection = await connected(nats.account())
    bucket = await connection.jetstream().create_key_value(bucket="b")
    revision = await bucket.create("key", b"one")
    await bucket.update("key", b"two", last=revision)
    with pytest.raises(KeyWrongLastSequenceError):
        await bucket.update("key", b"three", last=revision)
    assert (await bucket.get("key")).value == b"two"
    await connection.close()
