"""Data is deleted when its period is over, and not before."""

import pytest

from server.people.cookie import LIFETIME
from server.storage import retention, steps
from server.storage.errors import StorageUnavailable
from server.storage.purging import Purging
from server.storage.retention import RetentionPeriods
from server.storage.schema import chat, moderation, people, rooms
from server.storage.storage import Storage
from tests.server.storage.rows import add_row, count_rows

PERIODS = RetentionPeriods(
    rooms=100, messages=50, reactions=40, polls=30, logs=20, reports=500, devices=400
)
ENDED = 1_000.0
OF_LIVE = (
    chat.message,
    chat.reaction_second,
    chat.poll,
    chat.vote,
    moderation.moderation_log,
    moderation.watch_link,
)


async def live(storage: Storage, name: str, ended_at: float | None) -> None:
    await add_row(storage.database, rooms.room, room=name, ended_at=ended_at)
    for table in OF_LIVE:
        values = {"id": name} if table is moderation.watch_link else {}
        await add_row(storage.database, table, room=name, **values)


async def test_each_kind_of_data_has_a_period(storage: Storage) -> None:
    """It begins at the end of the live. A live that has not ended keeps all its data."""
    await live(storage, "ended", ENDED)
    await live(storage, "on-air", None)
    everything = {table.name: 2 for table in (*OF_LIVE, rooms.room)}
    assert await storage.retention.purge(PERIODS, ENDED + 20) == 0
    left = dict(everything)
    for after, gone in [
        (21, ["moderation_log"]),
        (31, ["poll", "vote"]),
        (41, ["reaction_second"]),
        (51, ["message"]),
        (100, []),
        (101, ["room", "watch_link"]),
    ]:
        await storage.retention.purge(PERIODS, ENDED + after)
        left |= dict.fromkeys(gone, 1)
        assert await count_rows(storage.database) == left
    assert await storage.rooms.find("ended") is None


async def test_no_data_outlives_its_room(storage: Storage) -> None:
    longer = RetentionPeriods(10, *(6 * (1e9,)))
    await live(storage, "ended", ENDED)
    await storage.retention.purge(longer, ENDED + 11)
    assert await count_rows(storage.database) == {}


async def test_what_has_a_time_of_its_own(storage: Storage) -> None:
    database = storage.database
    for name, at in [("old", 100.0), ("new", 700.0)]:
        await add_row(database, moderation.report, id=name, at=at)
        await add_row(database, people.device, id=name, seen_at=at)
        await add_row(database, moderation.mute, person=name, until=at)
        await add_row(database, moderation.ban, id=name, until=at)
        await add_row(database, people.handle_reservation, skeleton=name, until=at)
        await add_row(database, people.transfer, code_hash=name.encode(), expires_at=at)
        await add_row(database, people.used_challenge, hash=name.encode(), expires_at=at)
    await add_row(database, moderation.ban, id="for good")
    await storage.retention.purge(PERIODS, 650.0)
    assert await count_rows(database) == {
        **{"report": 1, "device": 1, "mute": 1, "ban": 2, "handle_reservation": 1, "transfer": 1},
        "used_challenge": 1,
    }


async def test_a_device_that_was_signed_out_is_kept_as_long_as_its_cookie(
    storage: Storage,
) -> None:
    """Otherwise the cookie would be valid again."""
    assert retention.SIGNED_OUT_FOR == LIFETIME
    await add_row(storage.database, people.device, id="out", seen_at=100.0, revoked_at=100.0)
    await storage.retention.purge(PERIODS, 100.0 + LIFETIME)
    assert await count_rows(storage.database) == {"device": 1}
    await storage.retention.purge(PERIODS, 101.0 + LIFETIME)
    assert await count_rows(storage.database) == {}


async def test_guests_who_do_not_come_back_are_deleted(storage: Storage) -> None:
    """Guests who can sign in again, with a handle or a passkey, are kept."""
    database = storage.database
    for name, handle in [("guest", None), ("handle", "Dark"), ("passkey", None), ("new", None)]:
        seen = 600.0 if name == "new" else 100.0
        await add_row(database, people.person, id=name, handle=handle, seen_at=seen)
    await add_row(database, people.passkey, person="passkey")
    await storage.retention.purge(PERIODS, 650.0)
    assert await storage.accounts.due(650.0, 10) == ["guest"]


async def test_many_rows_are_deleted_in_steps(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP", 10)
    monkeypatch.setattr(retention, "ROOMS_STEP", 2)
    for number in range(5):
        await add_row(storage.database, rooms.room, room=f"room{number}", ended_at=ENDED)
    for number in range(35):
        await add_row(storage.database, chat.message, room="room0", sequence=number)
    before = storage.database.commits.counters.writes
    await storage.retention.purge(PERIODS, ENDED + 101)
    assert await count_rows(storage.database) == {}
    assert storage.database.commits.counters.writes - before > 4 + 3


async def test_a_purge_that_fails_is_repeated(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("server.storage.purging.INTERVAL", 0.01)
    await live(storage, "ended", 1.0)
    write, failed = storage.database.write, list[bool]()

    async def fail_first(*arguments: object) -> object:
        if not failed:
            failed.append(True)
            raise StorageUnavailable("away")
        return await write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(storage.database, "write", fail_first)
    purging = Purging(storage.retention, PERIODS)
    purging.start()
    while await count_rows(storage.database):
        pass
    await purging.close()
    assert failed and "away" in caplog.text
