"""A creator deletes a live and all that belongs to it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.items import OF_ITEMS
from server.storage.live_data import CREATOR_TABLES, LIVE_TABLES
from server.storage.schema import metadata
from server.storage.schema.discovery import tag
from server.storage.schema.media import clip
from server.storage.schema.moderation import report
from server.storage.schema.rooms import room
from server.storage.storage import Storage
from tests.server.storage.rows import add_row, count_rows


async def test_a_deleted_live_leaves_nothing(storage: Storage) -> None:
    """Another live keeps everything. A report that is not decided remains."""
    database = storage.database
    of_lives = [table for table in metadata.sorted_tables if "room" in table.c]
    assert set(of_lives) == {*LIVE_TABLES, room, report}
    for name in ("gone", "kept"):
        for table in of_lives:
            keys = {c.name: name for c in table.primary_key if isinstance(c.type, sa.Text)}
            await add_row(database, table, **(keys | {"room": name}))
        for table in CREATOR_TABLES:
            if "room" not in table.c:
                keys = {c.name: name for c in table.primary_key if isinstance(c.type, sa.Text)}
                await add_row(database, table, **(keys | {"creator": f"room:{name}"}))
    before = await count_rows(database)
    assert set(before.values()) == {2}
    await storage.live_data.delete("gone")
    after = await count_rows(database)
    assert after == {name: 1 for name in before} | {"report": 2, "discarded": 2}
    assert set(await storage.discarded.oldest(10)) == {"lives/gone/", "clips/gone/"}
    assert await storage.rooms.find("gone") is None and await storage.rooms.find("kept")


async def test_the_words_of_a_live_and_of_its_clips_go(storage: Storage) -> None:
    database = storage.database
    for name in ("gone", "kept"):
        await add_row(database, room, room=name)
        await add_row(database, clip, id=f"clip of {name}", room=name)
        await add_row(database, tag, tag=name, challenge_clip=f"clip of {name}")
        for item in (name, f"clip of {name}"):
            for table in OF_ITEMS:
                await add_row(database, table, item=item)
    await storage.live_data.delete("gone")
    for table in OF_ITEMS:
        assert set(await column(database, table.c.item)) == {"kept", "clip of kept"}
    assert set(await column(database, tag.c.challenge_clip)) == {None, "clip of kept"}


async def column(database: Database, which: sa.Column[Any]) -> list[Any]:
    async def select(connection: AsyncConnection) -> list[Any]:
        return list(await connection.scalars(sa.select(which)))

    return await database.read(select)


async def test_a_decided_report_goes_with_the_live(storage: Storage) -> None:
    await add_row(storage.database, report, room="gone", state="decided")
    await storage.live_data.delete("gone")
    assert await count_rows(storage.database) == {}


async def test_a_live_that_does_not_exist(storage: Storage) -> None:
    await storage.live_data.delete("none")
