"""A room's life, by its table."""

import asyncio
import itertools
import json
import time
import weakref
from pathlib import Path

import pytest

from relay.channel.hub import Hub
from relay.message import unpack_records
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.udp import UdpPort
from server.errors import Conflict, Unavailable
from server.ingest.counters import IngestCounters
from server.ingest.transcoders import Transcoders
from server.rooms.room import TRANSITIONS, Happening, Room, State
from server.settings import Settings
from server.storage.database import RoomRecord
from tests.fixtures import offers
from tests.fixtures.circles import no_collector
from tests.fixtures.deadline import eventually


def make(
    tmp_path: Path,
    changes: list[tuple[State, State]],
    *,
    live_at: float | None = None,
    **settings: float,
) -> Room:
    record = RoomRecord("abc", "A title", b"", time.time(), live_at=live_at)
    chosen = Settings(data=tmp_path, **settings)
    transcoders = Transcoders(1, 1_000_000)
    return Room(
        record,
        Hub(1, 1_000),
        UdpPort(),
        chosen,
        transcoders,
        IngestCounters(),
        lambda room, before: changes.append((before, room.state)),
    )


def told(room: Room) -> dict[str, object]:
    """The retained event, as a viewer that joins now gets it."""

    class Nobody:
        def send(self, message: object) -> None: ...

        def receive_track(self, info: object) -> None: ...

        def end(self) -> None: ...

    nobody = Nobody()
    (message,) = room.channel.subscribe(nobody)
    room.channel.unsubscribe(nobody)
    (record,) = unpack_records(message.frame[4 if message.frame[1] == 126 else 2 :])
    event: dict[str, object] = json.loads(record.body)
    return event


@pytest.mark.parametrize(
    "happenings",
    list(itertools.product(Happening, repeat=4)),
    ids=lambda value: "-".join(item.name for item in value),
)
async def test_every_row_of_happenings(tmp_path: Path, happenings: tuple[Happening, ...]) -> None:
    """Four happenings in any order: each change is told once, as it was, ENDED is for good, and no
    timer is left running.
    """
    changes: list[tuple[State, State]] = []
    room = make(tmp_path, changes)
    expected, state = [], State.IDLE
    for happening in happenings:
        room._happen(happening)
        after = TRANSITIONS.get((state, happening))
        if after:
            expected.append((state, after))
            state = after
        assert room.state is state
        assert told(room)["state"] == state.value
    assert changes == expected
    assert all(before is not State.ENDED and after is not State.IDLE for before, after in changes)
    await room.close()


async def test_a_room_that_was_live_comes_back_as_away(tmp_path: Path) -> None:
    """And ends when its creator does not come back in time; one that never was live is forgotten
    later.
    """
    changes: list[tuple[State, State]] = []
    room = make(tmp_path, changes, live_at=5.0, away_grace=0.01)
    assert (room.state, room.live_since) == (State.AWAY, 5.0)
    async with asyncio.timeout(5):
        while not changes:  # noqa: ASYNC110 (a timer of the room's own)
            await asyncio.sleep(0.005)
    assert changes == [(State.AWAY, State.ENDED)]
    await room.close()


async def test_nothing_happens_to_a_closed_room(tmp_path: Path) -> None:
    """After `close` a room stays what it was, so that it comes back after a restart."""
    changes: list[tuple[State, State]] = []
    room = make(tmp_path, changes, away_grace=0.01)
    room._happen(Happening.MEDIA_CAME)
    room._happen(Happening.MEDIA_WENT)
    await room.close()
    room.finish()
    assert (room.state, changes[-1]) == (State.AWAY, (State.LIVE, State.AWAY))


async def test_nobody_publishes_in_a_room_that_is_over(tmp_path: Path) -> None:
    """An offer that was still being read when the room ended, or the server closed it, makes no
    session: nobody would ever end that.
    """
    offer = parse_offer(offers.offer("chromium"))
    room = make(tmp_path, [])
    room.finish()
    with pytest.raises(Conflict):
        room.publish(offer)
    await room.close()
    closed = make(tmp_path, [])
    await closed.close()
    with pytest.raises(Unavailable):
        closed.publish(offer)
    assert room.sessions == closed.sessions == []


async def test_a_creator_who_has_left_is_gone(tmp_path: Path) -> None:
    """Without a garbage collection: overtaken before it connected, or ended by a DELETE."""
    offer = parse_offer(offers.offer("chromium"))
    room = make(tmp_path, [])
    with no_collector():
        left = [weakref.ref(room.publish(offer)) for _ in range(3)]
        session = left[-1]()
        assert session
        session.begin(1, 0)
        await room.end_session(session)
        del session
        await eventually(lambda: not room._tasks)
        assert [ref() for ref in left] == [None] * 3
    await room.close()
