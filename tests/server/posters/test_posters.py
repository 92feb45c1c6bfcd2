"""The task that makes posters: when the task makes a poster, and what the task keeps."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.posters.posters import FIRST_AFTER, Posters
from server.posters.schedule import EVERY
from server.rooms.life import State
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.server import NewRoom, Server, running
from tests.server.http.test_posters import publish


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path) as server:
        await server.posters.close()  # The tests call another task.
        yield server


@pytest_asyncio.fixture
async def room(server: Server) -> NewRoom:
    room = await server.create()
    server.stream(room).set_track(video_track(), 0)
    publish(server, room, 0, 0)
    server.room(room).state = State.LIVE
    return room


async def test_a_poster_is_made_after_some_seconds_and_then_replaced(
    server: Server, room: NewRoom
) -> None:
    clock = Clock()
    posters = Posters(server.rooms.in_memory, server.workers, clock)
    assert not await posters.refresh()
    clock.now += FIRST_AFTER - 0.1
    assert not await posters.refresh()
    clock.now += 0.1
    assert await posters.refresh()
    first = posters.find(room.name)
    assert first is not None and (first.width, first.height) == (64, 48)
    assert posters.bytes == first.size
    clock.now += EVERY - 0.1
    assert not await posters.refresh()
    clock.now += 0.1
    assert await posters.refresh()
    assert posters.find(room.name) is first  # There is no newer keyframe.
    publish(server, room, 3, 90_000)
    clock.now += EVERY
    assert await posters.refresh()
    second = posters.find(room.name)
    assert second is not None and second.version == first.version + 1
    assert second.jpeg != first.jpeg
    server.room(room).state = State.ENDED
    assert posters.find(room.name) is None
    assert not await posters.refresh()
    assert posters.bytes == 0


async def test_a_picture_that_cannot_be_decoded(
    server: Server, room: NewRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """The live has no poster. The next attempt comes as late as after a successful attempt."""
    clock = Clock()
    posters = Posters(server.rooms.in_memory, server.workers, clock)
    server.stream(room).publish(video_sample(90_000, key=True, data=b"\0\0\0\4\x65\xff\xff\xff"))
    assert not await posters.refresh()
    clock.now += FIRST_AFTER
    assert await posters.refresh()
    assert posters.find(room.name) is None
    assert not await posters.refresh()
    publish(server, room, 1, 180_000)
    clock.now += EVERY
    assert await posters.refresh()
    assert posters.find(room.name) is not None
