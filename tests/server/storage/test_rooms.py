"""Rooms in the database."""

from dataclasses import replace
from pathlib import Path

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


async def test_a_server_restores_its_own_rooms_only(
    tmp_path: Path, url: str | None, storage: Storage
) -> None:
    """Two servers with data directories of their own share one PostgreSQL. Both find all rooms."""
    await storage.rooms.add(RECORD)
    if url is None:
        return
    other = await Storage.open(tmp_path / "other", url)
    await other.rooms.add(replace(RECORD, room="other2"))
    assert [record.room for record in await storage.rooms.unended()] == [RECORD.room]
    assert [record.room for record in await other.rooms.unended()] == ["other2"]
    assert await other.rooms.find(RECORD.room) == RECORD
    with pytest.raises(RoomExists):
        await other.rooms.add(RECORD)
    await other.close()
    again = await Storage.open(tmp_path / "other", url)
    assert [record.room for record in await again.rooms.unended()] == ["other2"]
    await again.close()


async def test_changed_columns(storage: Storage) -> None:
    await storage.rooms.add(RECORD)
    await storage.rooms.change(RECORD.room, title="Evening", settings='{"slow": 3}')
    await storage.rooms.end(RECORD.room, 9.0, peak=3, people=7, duration_s=4.5)
    assert await storage.rooms.find(RECORD.room) == replace(
        RECORD,
        title="Evening",
        settings='{"slow": 3}',
        ended_at=9.0,
        peak=3,
        people=7,
        duration_s=4.5,
    )


async def test_a_name_that_no_database_can_store(storage: Storage) -> None:
    assert await storage.rooms.find("a\0b") is None
