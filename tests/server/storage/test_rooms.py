"""Rooms in the database."""

from dataclasses import replace

import pytest

from server.storage.keys import hash_key
from server.storage.rooms import RoomExists, RoomRecord
from server.storage.storage import Storage

RECORD = RoomRecord("k3v9x2", "Morning run 🏃", hash_key("a key"), 1_790_000_000.25)


@pytest.fixture(autouse=True)
def record(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record has the id of the server that stores it."""
    monkeypatch.setitem(globals(), "RECORD", replace(RECORD, server=storage.rooms.server))


async def test_open_rooms_oldest_first(storage: Storage) -> None:
    for number, room in enumerate(["late", "early", "ended"]):
        await storage.rooms.add(replace(RECORD, room=room, created_at=100.0 - number))
    await storage.rooms.end("ended", 200.0)
    assert [record.room for record in await storage.rooms.unended()] == ["early", "late"]


async def test_an_ended_room_is_found_and_keeps_its_first_end(storage: Storage) -> None:
    await storage.rooms.add(RECORD)
    await storage.rooms.end(RECORD.room, 5.0)
    await storage.rooms.end(RECORD.room, 6.0)
    assert await storage.rooms.find(RECORD.room) == replace(RECORD, ended_at=5.0)


async def test_a_room_that_does_not_exist(storage: Storage) -> None:
    assert await storage.rooms.find("none") is None
    await storage.rooms.end("none", 1.0)
    assert await storage.rooms.unended() == []


async def test_a_title_with_sql(storage: Storage) -> None:
    record = replace(RECORD, title="'; DROP TABLE room; --")
    await storage.rooms.add(record)
    assert await storage.rooms.find(RECORD.room) == record


async def test_when_a_room_first_went_live(storage: Storage) -> None:
    await storage.rooms.add(RECORD)
    await storage.rooms.set_live(RECORD.room, 5.0)
    await storage.rooms.set_live(RECORD.room, 6.0)
    assert await storage.rooms.find(RECORD.room) == replace(RECORD, live_at=5.0)


async def test_a_name_in_use_is_refused(storage: Storage) -> None:
    await storage.rooms.add(RECORD)
    with pytest.raises(RoomExists):
        await storage.rooms.add(replace(RECORD, title="another"))
    assert await storage.rooms.find(RECORD.room) == RECORD


async def test_purge_deletes_rooms_that_ended_before(storage: Storage) -> None:
    for room, end in [("old", 10.0), ("edge", 20.0), ("new", 30.0), ("open", None)]:
        await storage.rooms.add(replace(RECORD, room=room, ended_at=end))
    assert await storage.rooms.purge(20.0) == 1
    assert await storage.rooms.purge(20.0) == 0
    assert await storage.rooms.find("old") is None
    assert await storage.rooms.find("edge") is not None
    assert [record.room for record in await storage.rooms.unended()] == ["open"]
