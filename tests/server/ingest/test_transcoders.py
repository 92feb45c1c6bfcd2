"""The number of transcoders is limited, in all and for each address."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.worker.workers import Workers
from server.errors import NotAcceptable, Unavailable
from server.ingest.transcoders import Transcoders
from tests.fixtures.workers import running_workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


async def test_reservations(workers: Workers) -> None:
    """A room that has a transcoder may reserve another for the session that replaces the first;
    other rooms are refused, with a text that says what to do, until one is free again.
    """
    transcoders = Transcoders(workers, 1, 1, 1_000_000)
    first = transcoders.reserve("a", "192.0.2.1").start("VP8")
    second = transcoders.reserve("a", "192.0.2.2").start("VP8")
    for closing in (first, second):
        with pytest.raises(Unavailable) as caught:
            transcoders.reserve("b", "192.0.2.3")
        assert "already transcodes 1 publishers: publish H.264" in str(caught.value)
        assert caught.value.retry_after == 10
        await closing.close()
        await closing.close()
    assert transcoders.rooms == 0
    transcoders.reserve("b", "192.0.2.1").release()
    assert transcoders.rooms == 0
    with pytest.raises(NotAcceptable):
        Transcoders(workers, 0, 1, 1_000_000).reserve("a", "192.0.2.1")


def test_an_address_gets_its_share() -> None:
    """Its other rooms are refused while other addresses find a place."""
    transcoders = Transcoders(Workers(), 4, 2, 1_000_000)
    places = [transcoders.reserve(room, "192.0.2.1") for room in "ab"]
    transcoders.require_free("a", "192.0.2.1")
    with pytest.raises(Unavailable, match="transcodes 2 publishers of this address: publish H.264"):
        transcoders.reserve("c", "192.0.2.1")
    places.append(transcoders.reserve("c", "192.0.2.2"))
    places.pop(0).release()
    transcoders.reserve("d", "192.0.2.1").release()
    for place in places:
        place.release()
    assert transcoders.rooms == 0 and not transcoders._addresses
