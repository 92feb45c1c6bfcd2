"""Reactions in the database."""

from typing import Any

import sqlalchemy as sa

from server.storage.schema.chat import reaction_second
from server.storage.storage import Storage


async def rows(storage: Storage) -> list[tuple[Any, ...]]:
    async def read(connection: Any) -> Any:
        columns = reaction_second.c
        return await connection.execute(
            sa.select(columns.second, columns.emoji, columns.taps, columns.people)
            .where(columns.room == "abc")
            .order_by(columns.second, columns.emoji)
        )

    return [tuple(row) for row in await storage.database.read(read)]


async def test_a_later_total_replaces_the_former(storage: Storage) -> None:
    await storage.reactions.put("abc", [(5, "heart", 2, 1, 1), (5, "any", 2, 1, 1)])
    await storage.reactions.put("abc", [(5, "heart", 9, 3, 2), (6, "fire", 1, 1, 1)])
    await storage.reactions.put("other", [(5, "heart", 1, 1, 1)])
    await storage.reactions.put("abc", [])
    assert await rows(storage) == [(5, "any", 2, 1), (5, "heart", 9, 3), (6, "fire", 1, 1)]


async def test_large_counts(storage: Storage) -> None:
    await storage.reactions.put("abc", [(2**40, "heart", 2**40, 2**30, 0)])
    assert await rows(storage) == [(2**40, "heart", 2**40, 2**30)]
