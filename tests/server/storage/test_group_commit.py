"""Group commit: order, failures of one write, the bound, and callers that give up."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import group_commit
from server.storage.database import Database
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.row import Row
from server.storage.schema.moderation import word as table
from server.storage.schema.upsert import insert_for

Adding = Callable[[AsyncConnection], Coroutine[Any, Any, int]]


def add(number: int, order: list[int] | None = None) -> Adding:
    """A write of one row."""

    async def write(connection: AsyncConnection) -> int:
        await connection.execute(table.insert().values(creator="a", word=str(number)))
        if order is not None:
            order.append(number)
        return number

    return write


@cache
def _insert(dialect: str) -> sa.Insert:
    return insert_for(dialect, table).on_conflict_do_nothing()


def row(number: int | None, then: Row | None = None) -> Row:
    """The same write as a Row. None is a row that no database accepts."""
    return Row(_insert, {"creator": "a", "word": None if number is None else str(number)}, then)


async def stored(database: Database) -> set[int]:
    async def select(connection: AsyncConnection) -> set[int]:
        return {int(found) for found in await connection.scalars(sa.select(table.c.word))}

    return await database.read(select)


async def test_waiting_writes_share_one_transaction_in_order(database: Database) -> None:
    order: list[int] = []
    before = database.commits.counters.commits
    results = await asyncio.gather(*(database.write(add(n, order)) for n in range(150)))
    assert results == order == list(range(150))
    assert await stored(database) == set(range(150))
    assert database.commits.counters.commits - before <= 2
    assert database.commits.counters.writes >= 150


async def test_a_failure_harms_no_other_write(database: Database) -> None:
    """This holds for errors of the caller's own code and for errors of the database."""

    async def fail(connection: AsyncConnection) -> int:
        await add(100)(connection)
        raise ValueError("no")

    async def work(number: int) -> int:
        if number == 3:
            return await database.write(fail)
        return await database.write(add(0 if number == 7 else number))

    results = await asyncio.gather(*map(work, range(12)), return_exceptions=True)
    assert isinstance(results[3], ValueError)
    assert isinstance(results[7], StorageError) and not isinstance(results[7], StorageUnavailable)
    good = set(range(12)) - {3, 7}
    assert {n for n in results if isinstance(n, int)} == good == await stored(database)


async def test_a_failure_alone_is_undone(database: Database) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await add(1)(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(fail)
    assert await stored(database) == set()


async def test_a_result_comes_after_the_commit(database: Database) -> None:
    """Another connection sees the row as soon as the writer has its result."""
    for number in range(20):
        await database.write(add(number))
        assert number in await stored(database)


async def test_too_many_waiting_writes_are_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MAX_WAITING", 10)
    results = await asyncio.gather(
        *(database.write(add(n)) for n in range(25)), return_exceptions=True
    )
    assert [type(result) for result in results[10:]] == [StorageUnavailable] * 15
    assert await stored(database) == set(range(10))
    assert database.commits.counters.refused == 15
    assert await database.write(add(99)) == 99


async def test_a_caller_that_leaves_does_not_undo_the_write(database: Database) -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection) -> int:
        begun.set()
        await goes_on.wait()
        return await add(1)(connection)

    caller = asyncio.create_task(database.write(slow))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    goes_on.set()
    await database.write(add(2))
    assert await stored(database) == {1, 2}


async def test_a_write_without_a_result_in_time(database: Database) -> None:
    """Both writes are refused. The write that waits behind the first is never executed."""
    database.commits.answer_within = 0.05
    goes_on = asyncio.Event()

    async def slow(connection: AsyncConnection) -> int:
        await goes_on.wait()
        return await add(1)(connection)

    results = await asyncio.gather(
        database.write(slow), database.write(add(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [StorageUnavailable] * 2
    goes_on.set()
    database.commits.answer_within = 10.0
    await database.write(add(3))
    assert await stored(database) == {1, 3}


async def test_close_completes_the_waiting_writes(database: Database) -> None:
    writes = [asyncio.create_task(database.write(add(n))) for n in range(5)]
    await asyncio.sleep(0)
    await database.commits.close()
    assert [await write for write in writes] == list(range(5))
    with pytest.raises(StorageUnavailable):
        await database.write(add(9))


async def test_waiting_rows_share_one_transaction(database: Database) -> None:
    before = database.commits.counters.commits
    results = await asyncio.gather(*(database.add(row(n % 100)) for n in range(150)))
    assert results == [True] * 100 + [False] * 50
    assert await stored(database) == set(range(100))
    assert database.commits.counters.commits - before <= 2
    assert database.commits.counters.writes >= 150


async def test_a_row_is_stored_before_its_result(database: Database) -> None:
    for number in range(20):
        assert await database.add(row(number))
        assert number in await stored(database)


async def test_a_row_that_fails_harms_no_other_write(database: Database) -> None:
    """This holds among rows, and beside a write of another kind."""
    results = await asyncio.gather(
        *(database.add(row(n)) for n in (1, None, 2)), return_exceptions=True
    )
    assert results[0] is results[2] is True
    assert isinstance(results[1], StorageError) and not isinstance(results[1], StorageUnavailable)
    beside = await asyncio.gather(
        database.write(add(3)), *(database.add(row(n)) for n in (None, 4)), return_exceptions=True
    )
    assert beside[0] == 3 and beside[2] is True and isinstance(beside[1], StorageError)
    assert await stored(database) == {1, 2, 3, 4}


async def test_a_row_that_is_added_adds_another_one(database: Database) -> None:
    results = await asyncio.gather(
        *(database.add(row(1, then=row(n))) for n in (2, 3)),
        database.add(row(5, then=row(None))),
        database.add(row(6, then=row(6))),
        return_exceptions=True,
    )
    assert results[:2] == [True, False] and results[3] is True
    assert isinstance(results[2], StorageError)
    assert await stored(database) == {1, 2, 6}


async def test_rows_that_come_quickly_share_a_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = database.commits.counters
    monkeypatch.setattr(group_commit, "SHARED_EVERY", 0.5)
    before = counters.commits
    assert await database.add(row(1))
    assert counters.commits == before + 1
    rows = []
    for number in (2, 3):
        rows.append(asyncio.create_task(database.add(row(number))))
        for _ in range(5):  # enough to begin a transaction
            await asyncio.sleep(0)
    assert await asyncio.gather(*rows) == [True, True]
    assert counters.commits == before + 2


async def test_another_write_takes_the_waiting_rows_along(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does the end of the database."""
    monkeypatch.setattr(group_commit, "SHARED_EVERY", 1_000.0)
    assert await database.write(add(1)) == 1
    rows = [asyncio.create_task(database.add(row(number))) for number in (2, 3)]
    assert await stored(database) == {1}
    assert await database.write(add(4)) == 4
    assert await asyncio.gather(*rows) == [True, True]
    last = asyncio.create_task(database.add(row(5)))
    assert await stored(database) == {1, 2, 3, 4}
    await database.commits.close()
    assert await last


async def test_rows_and_other_writes_keep_their_order(database: Database) -> None:
    results = await asyncio.gather(
        database.add(row(1)), database.write(add(2)), database.add(row(2)), database.add(row(1))
    )
    assert list(results) == [True, 2, False, False]
