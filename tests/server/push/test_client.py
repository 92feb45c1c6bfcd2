"""One push, from the server to a push service on loopback."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from server.push import client as module
from server.push.client import PushClient, Result
from server.push.public_addresses import PublicAddresses
from server.push.vapid import Vapid, new_key
from tests.fixtures.push_service import Loopback, Names, Phone
from tests.server.push.conftest import Pair, subscription_of


async def send(pair: Pair, phone: Phone, client: PushClient | None = None) -> Result:
    return await (client or pair.client).send(subscription_of(phone), b'{"a":1}', "k3v9x2")


async def test_a_browser_gets_what_was_sent(pair: Pair) -> None:
    phone = Phone()
    assert await send(pair, phone) is Result.SENT
    received = await pair.service.next()
    assert phone.decrypt(received.body) == {"a": 1}
    assert received.token == phone.token
    headers = received.headers
    assert (headers["TTL"], headers["Urgency"], headers["Topic"]) == ("600", "high", "k3v9x2")
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["Authorization"].endswith(f", k={pair.client.vapid.public_key}")
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    ("status", "result"),
    [
        *((200, Result.SENT), (201, Result.SENT), (202, Result.SENT), (204, Result.SENT)),
        *((404, Result.GONE), (410, Result.GONE), (429, Result.BUSY), (503, Result.BUSY)),
        *((400, Result.REFUSED), (403, Result.REFUSED), (413, Result.REFUSED)),
    ],
)
async def test_answers(pair: Pair, status: int, result: Result) -> None:
    phone = Phone()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    pair.service.answers[phone.token] = answer
    assert await send(pair, phone) is result


async def test_a_redirection_is_not_followed(pair: Pair) -> None:
    phone, other = Phone(), Phone()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": other.subscription["endpoint"]})

    pair.service.answers[phone.token] = answer
    assert await send(pair, phone) is Result.REFUSED
    assert pair.service.received.empty()


async def test_an_answer_of_10_mb_is_not_read(pair: Pair) -> None:
    """The server closes the connection, so the push service cannot write the rest."""
    phone = Phone()
    written = asyncio.get_running_loop().create_future()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        sent = 0
        try:
            for _ in range(160):
                await response.write(b"x" * 65_536)
                sent += 65_536
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            written.set_result(sent)
        return response

    pair.service.answers[phone.token] = answer
    assert await send(pair, phone) is Result.SENT
    async with asyncio.timeout(20):
        assert await written < 10_485_760


async def test_a_slow_answer_is_not_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = Phone()
    ended = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await ended.wait()
        return web.Response(status=201)

    pair.service.answers[phone.token] = answer
    monkeypatch.setattr(module, "ANSWER_WITHIN", 0.2)
    client = PushClient(Vapid(new_key()), 1, pair.network.resolver, pair.network.tls)
    async with asyncio.timeout(20):
        assert await send(pair, phone, client) is Result.FAILED
    ended.set()
    await client.close()


@pytest.mark.parametrize(
    ("host", "result"),
    [("inside.example", Result.NOT_PUBLIC), ("none.example", Result.FAILED)],
)
async def test_a_name_without_a_public_address_gets_nothing(
    pair: Pair, host: str, result: Result
) -> None:
    resolver = PublicAddresses(Names(inside_example="127.0.0.1 10.0.0.1"))
    client = PushClient(
        Vapid(new_key()), 1, Loopback(pair.service.port, resolver), pair.network.tls
    )
    assert await send(pair, Phone(host=host), client) is result
    assert pair.service.received.empty()
    await client.close()


async def test_a_certificate_that_is_not_trusted(pair: Pair) -> None:
    client = PushClient(Vapid(new_key()), 1, pair.network.resolver)
    assert await send(pair, Phone(), client) is Result.FAILED
    await client.close()


async def test_connections_are_used_again(pair: Pair) -> None:
    ports: set[Any] = set()
    phone = Phone()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        ports.add(request.transport.get_extra_info("peername")[1])
        return web.Response(status=201, text="{}")

    pair.service.answers[phone.token] = answer
    for _ in range(3):
        assert await send(pair, phone) is Result.SENT
    assert len(ports) == 1
