"""The number of transcoders is limited."""

import pytest

from server.errors import NotAcceptable, Unavailable
from server.ingest.transcoders import Transcoders


async def test_reservations() -> None:
    """A room that has a transcoder may reserve another for the session that replaces the first;
    other rooms are refused, with a text that says what to do, until one is free again.
    """
    transcoders = Transcoders(1, 1_000_000)
    first = transcoders.reserve("a").start("VP8")
    second = transcoders.reserve("a").start("VP8")
    for closing in (first, second):
        with pytest.raises(Unavailable) as caught:
            transcoders.reserve("b")
        assert "H.264" in str(caught.value) and caught.value.retry_after == 10
        await closing.close()
        await closing.close()
    assert transcoders.rooms == 0
    transcoders.reserve("b").release()
    assert transcoders.rooms == 0
    with pytest.raises(NotAcceptable):
        Transcoders(0, 1_000_000).reserve("a")
