"""The queues of pushes: order, bounds, and push services that do not answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.push import deliveries as module
from server.push.counters import PushCounters
from server.push.deliveries import Deliveries, Push, Recipient
from server.push.message import went_live
from server.storage.errors import StorageUnavailable
from tests.fixtures.deadline import eventually
from tests.fixtures.push_service import HOST, Phone
from tests.server.push.conftest import Pair, subscription_of

MESSAGE = went_live("k3v9x2", "A run", "Sam")


def push_to(phone: Phone) -> Push:
    return Push(Recipient(phone.token, subscription_of(phone), "en"), MESSAGE)


class Sending:
    """Deliveries that are running."""

    def __init__(self, pair: Pair) -> None:
        self.counters = PushCounters()
        self.forgotten: list[str] = []
        self.deliveries = Deliveries(pair.client, self.counters, self.forget)

    async def forget(self, id: str) -> None:
        self.forgotten.append(id)

    @property
    def done(self) -> int:
        return self.counters.results.total()


@asynccontextmanager
async def sending(pair: Pair) -> AsyncIterator[Sending]:
    made = Sending(pair)
    made.deliveries.start()
    yield made
    await made.deliveries.close()


def always(status: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    return answer


async def test_subscriptions_that_are_gone_are_forgotten(pair: Pair) -> None:
    good, gone = Phone(), Phone()
    pair.service.answers[gone.token] = always(410)
    async with sending(pair) as made:
        for phone in (good, gone):
            await made.deliveries.put(push_to(phone), 5.0)
        await eventually(lambda: made.done == 2 and made.forgotten, 20)
    assert made.forgotten == [gone.token]
    assert made.counters.results == {"sent": 1, "gone": 1}
    received = await pair.service.next()
    assert good.decrypt(received.body)["url"] == "/r/k3v9x2"


async def test_a_database_that_does_not_answer_ends_no_worker(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Sending, id: str) -> None:
        raise StorageUnavailable("the database does not answer")

    monkeypatch.setattr(Sending, "forget", fail)
    phones = [Phone() for _ in range(2 * module.AT_ONCE)]
    for phone in phones:
        pair.service.answers[phone.token] = always(410)
    good = Phone()
    async with sending(pair) as made:
        for phone in (*phones, good):
            await made.deliveries.put(push_to(phone), 20.0)
        await eventually(lambda: made.counters.results["sent"] == 1, 20)
    assert made.counters.forgotten == 0


async def test_at_most_64_are_sent_at_once(pair: Pair) -> None:
    now = most = 0
    released = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await released.wait()
        now -= 1
        return web.Response(status=201)

    first, phones = Phone(), [Phone() for _ in range(100)]
    for phone in phones:
        pair.service.answers[phone.token] = answer
    async with sending(pair) as made:
        await made.deliveries.put(push_to(first), 5.0)
        await eventually(lambda: made.done == 1, 20)
        for phone in phones:
            await made.deliveries.put(push_to(phone))
        await eventually(lambda: now == module.AT_ONCE - module.FOR_OTHERS, 20)
        released.set()
        await eventually(lambda: made.done == 101, 20)
    assert most <= module.AT_ONCE


async def test_silent_services_hold_only_their_own_places(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes to a service that answers pass those to services that do not. When too many of the
    others wait, further ones are dropped.
    """
    monkeypatch.setattr(module, "MAX_QUEUED", 20)
    released = asyncio.Event()
    asked = 0

    async def silent(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await released.wait()
        return web.Response(status=201)

    others = [Phone(host=f"s{number}.{HOST}") for number in range(40)]
    for phone in others:
        pair.service.answers[phone.token] = silent
    known = [Phone() for _ in range(10)]
    async with sending(pair) as made:
        await made.deliveries.put(push_to(known[0]), 5.0)
        await eventually(lambda: made.done == 1, 20)
        patience = 0.1
        for phone in others:
            patience = await made.deliveries.put(push_to(phone), patience)
        assert patience == 0.0
        for phone in known[1:]:
            await made.deliveries.put(push_to(phone))
        await eventually(lambda: made.counters.results["sent"] == 10, 20)
        await eventually(lambda: asked == module.FOR_OTHERS, 20)
        assert made.counters.results["dropped"] == 40 - 20 - module.FOR_OTHERS
        released.set()
        await eventually(lambda: made.counters.results["sent"] == 10 + 28, 20)


async def test_a_service_that_ceases_to_answer(pair: Pair) -> None:
    """After some failures it shares the places for others."""
    answering = True

    async def answer(request: web.Request) -> web.Response:
        if not answering:
            assert request.transport
            request.transport.abort()
        return web.Response(status=201)

    phones = [Phone() for _ in range(6)]
    for phone in phones:
        pair.service.answers[phone.token] = answer
    async with sending(pair) as made:
        await made.deliveries.put(push_to(phones[0]), 5.0)
        await eventually(lambda: made.done == 1, 20)
        answering = False
        for phone in phones[1:4]:
            await made.deliveries.put(push_to(phone))
        await eventually(lambda: made.counters.results["failed"] == 3, 20)
        assert f"https://{HOST}" not in made.deliveries._answering
        answering = True
        await made.deliveries.put(push_to(phones[4]), 5.0)
        await eventually(lambda: made.counters.results["sent"] == 2, 20)
        assert f"https://{HOST}" in made.deliveries._answering
