"""Taps of viewers, from the notice to the tally and to storage."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from relay.channel.owner import Notice
from relay.errors import MessageError
from server.rooms.part import RoomContext
from server.rooms.reactions import STORE_EVERY, RoomReactions
from server.storage.errors import StorageError
from server.storage.schema.chat import reaction_second
from server.storage.storage import Storage
from tests.fixtures.media import video_sample
from tests.fixtures.social import Clock, events_of, make_context, watch

SECOND = 1_000_000


def make(storage: Storage | None = None) -> tuple[RoomReactions, RoomContext, Clock]:
    """The reactions of a live whose live edge is at 50 s."""
    clock = Clock()
    context = make_context(storage, clock=clock)
    context.channel.stream.publish(video_sample(50 * 90_000, key=True))
    return RoomReactions(context), context, clock


def taps(person: str | None = "p-1", at: int = 49 * SECOND, **counts: list[int]) -> Notice:
    body = {"type": "taps", "media_time": at, "counts": counts or {"heart": [1]}}
    return Notice(1, person, 0, body)


async def stored(storage: Storage) -> dict[tuple[int, str], tuple[int, int]]:
    async def read(connection: Any) -> Any:
        return (await connection.execute(sa.select(reaction_second))).mappings().all()

    rows = await storage.database.read(read)
    return {(row["second"], row["emoji"]): (row["taps"], row["people"]) for row in rows}


def test_a_tally_has_the_taps_of_all_viewers() -> None:
    reactions, context, clock = make()
    watcher = watch(context)
    reactions.receive_taps(taps(heart=[1, 2]))
    clock.go_on(0.05)
    reactions.receive_taps(taps("p-2", heart=[1], fire=[3]))
    reactions.receive_taps(taps(None, 48 * SECOND, heart=[1]))
    clock.go_on(1)
    assert events_of(watcher) == [
        {"type": "tally", "taps": {"heart": 3}, "media_time": 49 * SECOND},
        {"type": "tally", "taps": {"heart": 2, "fire": 3}, "media_time": 49 * SECOND},
    ]
    assert context.counters.taps == 8


def test_ten_tallies_a_second_and_none_without_taps() -> None:
    reactions, context, clock = make()
    watcher = watch(context)
    for _ in range(100):
        reactions.receive_taps(taps())
        clock.go_on(0.02)
    clock.go_on(2)
    events = events_of(watcher)
    assert 19 <= len(events) <= 21
    assert sum(event["taps"]["heart"] for event in events) == 100
    assert not [timer for timer in clock.timers if timer.at < clock.now]


def test_a_notice_without_taps_sends_nothing() -> None:
    reactions, context, clock = make()
    watcher = watch(context)
    reactions.receive_taps(taps(heart=[0, 0]))
    clock.go_on(10)
    assert events_of(watcher) == []


def test_a_malformed_notice() -> None:
    reactions, _, _ = make()
    with pytest.raises(MessageError):
        reactions.receive_taps(taps(heart=[-1]))


async def test_taps_and_distinct_people_are_stored(storage: Storage) -> None:
    reactions, _, clock = make(storage)
    for person in ("p-1", "p-1", "p-2", None):
        reactions.receive_taps(taps(person, heart=[1, 1]))
    clock.go_on(STORE_EVERY)
    await reactions.close()
    assert await stored(storage) == {(49, "heart"): (8, 2), (49, "any"): (8, 2)}


async def test_later_taps_replace_the_totals(storage: Storage) -> None:
    reactions, _, clock = make(storage)
    reactions.receive_taps(taps())
    clock.go_on(STORE_EVERY)
    assert reactions._storing
    await reactions._storing
    await asyncio.sleep(0)
    reactions.receive_taps(taps("p-2"))
    clock.go_on(STORE_EVERY)
    await reactions.close()
    assert await stored(storage) == {(49, "heart"): (2, 2), (49, "any"): (2, 2)}


async def test_the_rest_is_stored_before_the_end_of_the_room(storage: Storage) -> None:
    reactions, _, clock = make(storage)
    reactions.receive_taps(taps())
    await reactions.conclude()
    assert await stored(storage) == {(49, "heart"): (1, 1), (49, "any"): (1, 1)}
    assert clock.timers == []


async def test_reactions_wait_while_storage_is_away(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    reactions, context, clock = make(storage)

    async def fail(*_: object) -> None:
        raise StorageError("away")

    with monkeypatch.context() as patch:
        patch.setattr(storage.reactions, "put", fail)
        reactions.receive_taps(taps())
        clock.go_on(STORE_EVERY)
        assert reactions._storing
        await reactions._storing
        await asyncio.sleep(0)
    watcher = watch(context)
    reactions.receive_taps(taps("p-2"))
    clock.go_on(STORE_EVERY)
    assert len(events_of(watcher)) == 1, "the tally goes on"
    await reactions.close()
    assert await stored(storage) == {(49, "heart"): (2, 2), (49, "any"): (2, 2)}


async def test_taps_before_the_first_frame_are_not_stored(storage: Storage) -> None:
    context = make_context(storage)
    reactions = RoomReactions(context)
    reactions.receive_taps(taps())
    await reactions.close()
    assert await stored(storage) == {}
