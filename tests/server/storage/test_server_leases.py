"""The leases of servers, and the end of the rooms of a lost one."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.bans import BanStore
from server.storage.database import Database
from server.storage.moderation_log import LogRecord
from server.storage.polls import PollRecord, PollStore
from server.storage.rooms import RoomRecord, RoomStore
from server.storage.schema.moderation import ban
from server.storage.schema.rooms import room as room_table
from server.storage.server_leases import ServerLeaseStore

LIVE = RoomRecord("live", "Morning run", b"\0", 100.0, live_at=110.0, peak=7, people=9)
IDLE = RoomRecord("idle", "Later", b"\0", 1_000.0)


def none_open() -> list[str]:
    return []


@pytest.fixture
def mine(database: Database) -> ServerLeaseStore:
    return ServerLeaseStore(database, "mine")


@pytest.fixture
def other(database: Database) -> ServerLeaseStore:
    return ServerLeaseStore(database, "other")


async def add(database: Database, server: str, *records: RoomRecord) -> None:
    for record in records:
        await RoomStore(database, server).add(record)


async def test_a_lease_is_counted_up(mine: ServerLeaseStore, other: ServerLeaseStore) -> None:
    assert not await other.renew(none_open)
    assert await mine.read_others() == {"other": 1}
    assert await other.renew(none_open)
    assert await mine.read_others() == {"other": 2}
    assert await other.read_others() == {}


async def test_a_server_with_rooms_and_no_lease_gets_one(
    database: Database, mine: ServerLeaseStore
) -> None:
    await add(database, "other", LIVE, IDLE)
    await add(database, "over", replace(LIVE, room="over"))
    await RoomStore(database, "over").end("over", 200.0)
    await mine.renew(none_open)
    assert await mine.read_others() == {}
    assert await mine.read_others() == {"other": 0}


async def test_the_rooms_of_a_lost_server_end(database: Database, mine: ServerLeaseStore) -> None:
    """They end with their stored figures, as if the server had ended them itself."""
    rooms, polls = RoomStore(database, "other"), PollStore(database)
    await add(database, "other", LIVE, IDLE)
    await add(database, "mine", replace(LIVE, room="kept"))
    log = LogRecord("live", 120.0, None, "ban")
    await BanStore(database).add("minji", log, "sam", ("b1", "b2"), for_good=False, network="hash")
    await polls.add(PollRecord("live", "p1", "Tea?", ("yes", "no"), 120.0, None, 0))
    await mine.read_others()
    assert await mine.end_rooms("other", 0, 500.0) == 2
    assert await rooms.find("live") == replace(
        LIVE, server="other", ended_at=500.0, duration_s=390.0
    )
    assert await rooms.find("idle") == replace(IDLE, server="other", ended_at=1_000.0)
    kept = await rooms.find("kept")
    assert kept is not None and kept.ended_at is None

    assert [one.closed_at for one in await polls.of_room("live")] == [500.0]

    async def left(connection: AsyncConnection) -> object:
        return await connection.scalar(sa.select(ban.c.id).where(ban.c.network_hash.is_not(None)))

    assert await database.read(left) is None
    assert await mine.read_others() == {}


async def test_a_server_that_renews_its_lease_in_the_last_moment_keeps_its_rooms(
    database: Database, mine: ServerLeaseStore, other: ServerLeaseStore
) -> None:
    await add(database, "other", LIVE)
    await other.renew(none_open)
    (seen,) = (await mine.read_others()).values()
    await other.renew(none_open)
    assert await mine.end_rooms("other", seen, 500.0) == 0
    assert await RoomStore(database, "other").find("live") == replace(LIVE, server="other")
    assert await mine.read_others() == {"other": 2}


async def test_a_server_that_returns_opens_its_rooms_again(
    database: Database, mine: ServerLeaseStore, other: ServerLeaseStore
) -> None:
    """It opens the rooms that it still has, in steps if there are many."""
    many = [replace(IDLE, room=f"room{number}") for number in range(1_100)]

    async def insert(connection: AsyncConnection) -> None:
        values = [
            {"room": one.room, "title": "", "key_hash": b"", "created_at": 1.0, "server": "other"}
            for one in many
        ]
        await connection.execute(room_table.insert(), values)

    await database.write(insert)
    await other.renew(none_open)
    assert await mine.end_rooms("other", 1, 500.0) == 1_100
    assert await RoomStore(database, "other").unended() == []
    assert not await other.renew(lambda: [one.room for one in many[1:]])
    assert len(await RoomStore(database, "other").unended()) == 1_099
    assert await other.renew(none_open)
