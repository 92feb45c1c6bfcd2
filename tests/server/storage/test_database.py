"""A database that hangs, goes away, restarts, or stands behind PgBouncer."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.meter import Kind, Meter
from relay.stopwatch import Timed
from scripts.benchmarks.postgres import Postgres
from scripts.benchmarks.postgres import postgres as created_postgres
from server.storage.database import READERS, Database
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.schema.moderation import word as table
from server.storage.storage import Storage
from tests.fixtures.postgres import pgbouncer
from tests.server.storage.test_group_commit import add, stored

WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from server.storage.schema.moderation import word as table
from server.storage.storage import Storage

async def main():
    storage = await Storage.open(Path(sys.argv[1]), sys.argv[2] or None)
    numbers = iter(range(int(sys.argv[3]), 10**9))

    async def write():
        for number in numbers:
            async def add(connection):
                await connection.execute(table.insert().values(creator="a", word=str(number)))
            await storage.database.write(add)
            print(number, flush=True)

    await asyncio.gather(*(write() for _ in range(20)))

asyncio.run(main())
"""


async def test_a_killed_process_loses_no_acknowledged_write(
    tmp_path: Path, url: str | None
) -> None:
    """Two processes are killed in the middle of their writes, one after the other."""
    acknowledged: list[int] = []
    for begin in (0, 1_000_000):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path), url or "", str(begin)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for _ in range(300):
                acknowledged.append(int(process.stdout.readline()))
            process.kill()
            rest = process.stdout.read()
        acknowledged += map(int, rest.splitlines() if rest.endswith("\n") else rest.split()[:-1])
        storage = await Storage.open(tmp_path, url)
        found = await stored(storage.database)
        assert found.issuperset(acknowledged)
        # Of the writes without an acknowledgement, only those that were waiting may be stored.
        assert len(found) <= len(acknowledged) + 2 * 20
        if url is None:
            check = await storage.database.read(
                lambda connection: connection.scalar(sa.text("PRAGMA integrity_check"))
            )
            assert check == "ok"
        await storage.close()


LATE = 5.0
"""By how much a busy machine may be late, seconds. Without deadlines, nothing would be refused."""


async def refused_within(database: Database, seconds: float) -> None:
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        await database.write(add(-1))
    assert time.monotonic() - began < seconds + LATE


@pytest.mark.deadlines
async def test_a_database_that_hangs(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    """Reads and writes are refused in time, and the database is used again when it answers. The
    connections that hang are cut, so none is lost to the pool.
    """
    caplog.set_level("INFO", "server.storage.database")
    with postgres.database() as url:
        database = await Database.open_postgresql(url)
        await database.write(add(1))
        await asyncio.gather(*(stored(database) for _ in range(4)))
        with postgres.hanging():
            began = time.monotonic()
            results = await asyncio.gather(
                *(database.write(add(n)) for n in range(10, 15)),
                *(stored(database) for _ in range(12)),
                return_exceptions=True,
            )
            assert {type(result) for result in results} == {StorageUnavailable}
            assert time.monotonic() - began < 4.5 + LATE
            await refused_within(database, 2.5)
            await refused_within(database, 2.5)
        await database.write(add(2))
        assert {1, 2} <= await stored(database)
        assert database.answers
        await asyncio.gather(*(stored(database) for _ in range(20)))
        await database.close()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and "does not answer" in said[0] and "answers again" in said[1]


@pytest.fixture(scope="module")
def stoppable() -> Iterator[Postgres]:
    """A server that has not started."""
    with created_postgres() as server:
        yield server


async def test_a_database_that_restarts(stoppable: Postgres) -> None:
    """While it is away, writes fail at once. The first ones after that succeed, although all old
    connections are gone.
    """
    with stoppable.running():
        database = await Database.open_postgresql(stoppable.url())
        await asyncio.gather(database.write(add(1)), *(stored(database) for _ in range(4)))
        stoppable.stop()
        for _ in range(3):
            await refused_within(database, 1.0)
        with pytest.raises(StorageUnavailable):
            await stored(database)
        stoppable.start()
        await asyncio.gather(database.write(add(2)), *(stored(database) for _ in range(4)))
        assert await stored(database) == {1, 2}
        stoppable.stop()
        stoppable.start()  # no request came meanwhile
        await asyncio.gather(database.write(add(3)), *(stored(database) for _ in range(4)))
        await database.close()


async def test_a_database_that_is_away_at_the_start(stoppable: Postgres) -> None:
    url = stoppable.url().replace("postgres@", "postgres:secret@")
    with pytest.raises(
        StorageUnavailable, match=r"^postgresql://postgres:\*\*\*@127.0.0.1"
    ) as info:
        await Database.open_postgresql(url)
    assert "\n" not in str(info.value) and "secret" not in str(info.value)


@pytest_asyncio.fixture
async def missing(postgres: Postgres) -> str:
    return postgres.url("missing")


async def test_a_database_that_does_not_exist(missing: str) -> None:
    with pytest.raises(StorageError, match='database "missing" does not exist'):
        await Database.open_postgresql(missing)


async def test_through_pgbouncer_in_transaction_mode(postgres: Postgres) -> None:
    """Many transactions of three processes' worth of connections share five server connections."""
    with postgres.database() as url, pgbouncer(postgres) as port:
        through = postgres.url(url.rpartition("/")[2], port)
        databases = [await Database.open_postgresql(through) for _ in range(3)]
        results = await asyncio.gather(
            *(databases[n % 3].write(add(n // 2)) for n in range(200)), return_exceptions=True
        )
        assert sum(isinstance(result, StorageError) for result in results) == 100
        found = await asyncio.gather(*(stored(database) for database in databases * 20))
        assert all(numbers == set(range(100)) for numbers in found)
        for database in databases:
            await database.close()


async def test_many_reads_take_turns(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are refused if they wait too long or are too many. This does not count as a failure of
    the database.
    """
    monkeypatch.setattr("server.storage.database.TURN_WITHIN", 0.05)
    monkeypatch.setattr("server.storage.database.MAX_WAITING_READS", 20)
    goes_on = asyncio.Event()

    async def slow(connection: AsyncConnection) -> int:
        await goes_on.wait()
        return 1

    reads = [asyncio.create_task(database.read(slow)) for _ in range(25)]
    done, running = await asyncio.wait(reads, return_when=asyncio.FIRST_EXCEPTION)
    while len(running) > 4:
        done, running = await asyncio.wait(reads, timeout=0.05)
    assert {type(read.exception()) for read in done} == {StorageUnavailable}
    goes_on.set()
    assert set(await asyncio.gather(*running)) == {1}
    assert database.answers and await stored(database) == set()


async def test_a_read_changes_nothing(database: Database) -> None:
    """It sees one state of the database, even if rows are written meanwhile."""

    async def change(connection: AsyncConnection) -> None:
        await connection.execute(table.insert().values(creator="a", word="1"))

    with pytest.raises(StorageError):
        await database.read(change)

    async def twice(connection: AsyncConnection) -> list[int | None]:
        count = sa.select(sa.func.count()).select_from(table)
        first = await connection.scalar(count)
        await database.write(add(2))
        return [first, await connection.scalar(count)]

    assert await database.read(twice) == [0, 0]
    assert await stored(database) == {2}


@pytest.mark.parametrize(
    ("target", "moment"),
    [
        (sa.pool.Pool, "connect"),
        (sa.pool.Pool, "checkout"),
        (sa.Engine, "begin"),
        (sa.Engine, "before_cursor_execute"),
        (sa.Engine, "after_cursor_execute"),
        (sa.Engine, "commit"),
        (sa.pool.Pool, "reset"),
        (sa.pool.Pool, "checkin"),
    ],
)
async def test_a_read_whose_caller_is_cancelled(
    database: Database, caplog: pytest.LogCaptureFixture, target: Any, moment: str
) -> None:
    """The caller is cancelled at each step of the read. The read gives its connection back, and
    nothing is logged.
    """
    await database.write(add(1))
    reads: list[asyncio.Task[set[int]]] = []
    cancelled: list[asyncio.Task[set[int]]] = []

    def cancel(*_arguments: Any) -> None:
        cancelled.extend(read for read in reads if read.cancel())

    sa.event.listen(target, moment, cancel)
    try:
        # One more than there are turns, so that one read is cancelled while it waits.
        reads += [asyncio.create_task(stored(database)) for _ in range(5)]
        await asyncio.wait(reads)
    finally:
        sa.event.remove(target, moment, cancel)
    assert cancelled and all(read.cancelled() for read in cancelled)
    assert await asyncio.gather(*(stored(database) for _ in range(20))) == [{1}] * 20
    await database.close()
    assert not caplog.records


async def test_a_closed_database_reads_nothing(database: Database) -> None:
    """A running read is completed first."""
    await database.write(add(1))
    running, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection) -> int | None:
        running.set()
        await goes_on.wait()
        return await connection.scalar(sa.select(sa.func.count()).select_from(table))

    read = asyncio.create_task(database.read(slow))
    await running.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable):
        await stored(database)
    goes_on.set()
    assert await read == 1
    await closing


async def test_a_database_closes_while_reads_wait_for_their_turn(database: Database) -> None:
    running, goes_on = asyncio.Semaphore(0), asyncio.Event()

    async def slow(connection: AsyncConnection) -> int:
        running.release()
        await goes_on.wait()
        return 1

    turns = READERS[database._readers.dialect.name]
    reads = [asyncio.create_task(database.read(slow)) for _ in range(turns + 3)]
    for _ in range(turns):
        await running.acquire()
    closing = asyncio.create_task(database.close())
    goes_on.set()
    await closing
    results = await asyncio.gather(*reads, return_exceptions=True)
    assert results[:turns] == [1] * turns
    assert {type(result) for result in results[turns:]} == {StorageUnavailable}


async def test_a_read_is_charged_to_the_account_of_its_caller(database: Database) -> None:
    account = Meter().open(Kind.CLIENT, 0.0, lambda _: None)

    async def slow(connection: AsyncConnection) -> None:
        until = time.perf_counter_ns() + 20_000_000
        while time.perf_counter_ns() < until:
            pass

    await Timed(database.read(slow), account)
    assert account.spent_ns >= 20_000_000


FILL_DISK = """
import asyncio, os, subprocess, sys
from pathlib import Path
import sqlalchemy as sa
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.schema.moderation import word as table
from server.storage.storage import Storage

REFUSED = {StorageError, StorageUnavailable}

async def main():
    data = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", data], check=True)
    (data / "other").write_bytes(bytes(1 << 20))
    storage = await Storage.open(data)
    acknowledged, failures = set(), 0

    async def write(number):
        async def add(connection):
            await connection.execute(table.insert().values(creator="a" * 4000, word=str(number)))
        await storage.database.write(add)
        acknowledged.add(str(number))

    async def found():
        async def select(connection):
            return set(await connection.scalars(sa.select(table.c.word)))
        return await storage.database.read(select)

    for step in range(100):
        results = await asyncio.gather(
            *(write(step * 20 + n) for n in range(20)), return_exceptions=True
        )
        assert {type(result) for result in results if result} <= REFUSED, results
        failures += sum(result is not None for result in results)
        if failures > 100:
            break
    assert failures > 100, "the disk is not full"
    assert await found() == acknowledged
    (data / "other").unlink()
    await write(-1)
    assert await found() == acknowledged
    await storage.close()
    print(len(acknowledged))

asyncio.run(main())
"""


def test_a_full_disk_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The disk is a small file system in a mount namespace of the process. Reading continues, and
    writing continues once there is space.
    """
    command = ["unshare", "--map-root-user", "--mount", sys.executable, "-c", FILL_DISK]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
