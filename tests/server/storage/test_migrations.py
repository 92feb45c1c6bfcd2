"""Each database gets the newest schema, once, and keeps its rooms."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from scripts.benchmarks.postgres import Postgres
from server.storage.database import DATABASE_NAME, Database
from server.storage.errors import StorageError
from server.storage.keys import hash_key
from server.storage.rooms import RoomRecord
from server.storage.schema import metadata
from server.storage.storage import Storage
from tests.fixtures.postgres import pgbouncer

VERSION_1 = """
CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE room (
    room TEXT PRIMARY KEY, title TEXT NOT NULL, key_hash BLOB NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    ended_at DOUBLE PRECISION, live_at DOUBLE PRECISION
);
INSERT INTO schema_version VALUES (1);
INSERT INTO room VALUES ('k3v9x2', 'Morning run 🏃', x'00ff', 5.0, NULL, 6.5);
INSERT INTO room VALUES ('z3v9x2', 'over', x'00', 5.0, 7.0, NULL);
"""
VERSION_2 = """
ALTER TABLE room ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE TABLE block (
    network TEXT PRIMARY KEY, until DOUBLE PRECISION NOT NULL, reason TEXT NOT NULL
);
INSERT INTO schema_version VALUES (2);
UPDATE room SET address = '203.0.113.7';
INSERT INTO block VALUES ('198.51.100.0/24', 9e9, 'spam');
"""
"""Both schemas as the code of those versions made them."""

FORMER_4 = (
    "DROP INDEX hidden_by_time",
    "DROP TABLE live_activity",
    "ALTER TABLE taste DROP COLUMN forgotten_at",
)
"""Makes the schema of revision 5 that of revision 4."""

MIGRATE = """
import asyncio, sys
from pathlib import Path
from server.storage.storage import Storage

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    storage = await Storage.open(Path(sys.argv[1]), sys.argv[2])
    await storage.close()

asyncio.run(main())
"""


async def execute(storage: Storage, *statements: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        for statement in statements:
            await connection.execute(sa.text(statement))

    await storage.database.write(work)


async def differences(database: Database) -> list[object]:
    """Returns the differences between the schema of the database and that of the code."""

    def compare(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    return await database.read(lambda connection: connection.run_sync(compare))


async def test_the_migrations_make_the_schema_of_the_code(database: Database) -> None:
    assert await differences(database) == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_revision_5_adds_what_is_missing(
    tmp_path: Path, postgres: Postgres, dialect: str
) -> None:
    """For some hours revision 4 made all that revision 5 adds."""
    with postgres.database() as created:
        url = created if dialect == "postgresql" else None
        for changes in (FORMER_4, ()):
            storage = await Storage.open(tmp_path, url)
            await execute(storage, *changes, "UPDATE alembic_version SET version_num = '4'")
            await storage.close()
            storage = await Storage.open(tmp_path, url)
            assert await differences(storage.database) == []
            await storage.close()


@pytest.mark.parametrize("version", [1, 2])
async def test_the_rooms_of_a_0_1_directory_are_carried_over(tmp_path: Path, version: int) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as old:
        old.executescript(VERSION_1 + (VERSION_2 if version == 2 else ""))
    old.close()
    address = "203.0.113.7" if version == 2 else ""
    live = RoomRecord("k3v9x2", "Morning run 🏃", b"\0\xff", 5.0, live_at=6.5, address=address)
    for _ in range(2):
        storage = await Storage.open(tmp_path)
        assert await storage.rooms.unended() == [live]
        over = await storage.rooms.find("z3v9x2")
        assert over is not None and over.ended_at == 7.0
        blocks = [block.network for block in await storage.blocks.active(1.0)]
        assert blocks == (["198.51.100.0/24"] if version == 2 else [])
        await storage.close()


async def test_0_1_refuses_a_database_that_was_carried_over(tmp_path: Path) -> None:
    """0.1 compares the highest version in this table with its own number of migrations."""
    with sqlite3.connect(tmp_path / DATABASE_NAME) as old:
        old.executescript(VERSION_1)
    old.close()
    await (await Storage.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as new:
        assert new.execute("SELECT MAX(version) FROM schema_version").fetchone() == (3,)
    new.close()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_a_database_of_a_newer_version_is_refused(
    tmp_path: Path, postgres: Postgres, dialect: str
) -> None:
    with postgres.database() as created:
        url = created if dialect == "postgresql" else None
        storage = await Storage.open(tmp_path, url)
        await execute(storage, "UPDATE alembic_version SET version_num = '999'")
        await storage.close()
        with pytest.raises(StorageError, match="written by a newer microlive"):
            await Storage.open(tmp_path, url)


async def test_a_failed_migration_is_undone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as old:
        old.executescript(VERSION_1 + "CREATE TABLE person (id TEXT);")
    old.close()
    with pytest.raises(StorageError, match="table person already exists"):
        await Storage.open(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE_NAME) as old:
        assert old.execute("SELECT MAX(version) FROM schema_version").fetchone() == (1,)
        old.execute("DROP TABLE person")
    old.close()
    storage = await Storage.open(tmp_path)
    assert [record.room for record in await storage.rooms.unended()] == ["k3v9x2"]
    await storage.close()


async def test_servers_that_start_together_migrate_once(tmp_path: Path, postgres: Postgres) -> None:
    """Three processes, through PgBouncer in transaction mode."""
    with postgres.database() as url, pgbouncer(postgres) as port:
        through = postgres.url(url.rpartition("/")[2], port)
        pipe = asyncio.subprocess.PIPE
        processes = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", MIGRATE, str(tmp_path / str(number)), through),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
            )
            for number in range(3)
        ]
        for process in processes:
            assert process.stdout
            await process.stdout.readline()
        results = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
        assert [process.returncode for process in processes] == [0, 0, 0], results
        storage = await Storage.open(tmp_path / "again", url)
        await storage.rooms.add(RoomRecord("k3v9x2", "", hash_key(""), 1.0))
        await storage.close()
