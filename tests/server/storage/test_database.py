"""Storage on a real file system: what it keeps, what it refuses, its errors when a disk fails."""

import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.storage import database as storage_module
from server.storage.database import (
    DATABASE_NAME,
    LOCK_NAME,
    MIGRATIONS,
    ROOM_ALPHABET,
    RoomExists,
    RoomRecord,
    Storage,
    StorageError,
    hash_key,
    key_matches,
    new_key,
    new_room_id,
)

RECORD = RoomRecord("k3v9x2", "Morning run 🏃", hash_key("a key"), 1_790_000_000.25)


OPEN_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from server.storage.database import Storage

async def main():
    await Storage.open(Path(sys.argv[1]))
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = await Storage.open(tmp_path)
    yield storage
    await storage.close()


async def test_rooms_outlive_the_process(tmp_path: Path) -> None:
    data = tmp_path / "created" / "if missing"
    first = await Storage.open(data)
    await first.add_room(RECORD)
    await first.close()
    second = await Storage.open(data)
    assert await second.rooms() == [RECORD]
    assert await second.room(RECORD.room) == RECORD
    await second.close()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o640), (0o666, 0o660)])
async def test_other_users_cannot_read_the_database(
    tmp_path: Path, before: int | None, after: int
) -> None:
    """Also not one that an earlier version made. The group keeps what an operator gave it."""
    database = tmp_path / DATABASE_NAME
    if before is not None:
        await (await Storage.open(tmp_path)).close()
        database.chmod(before)
    storage = await Storage.open(tmp_path)
    await storage.add_room(RECORD)
    files = [path for path in tmp_path.iterdir() if path.name.startswith(DATABASE_NAME)]
    assert len(files) > 1, "the write-ahead log"
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {after}
    await storage.close()


async def test_open_rooms_oldest_first(storage: Storage) -> None:
    for number, room in enumerate(["late", "early", "ended"]):
        await storage.add_room(replace(RECORD, room=room, created_at=100.0 - number))
    await storage.end_room("ended", 200.0)
    assert [record.room for record in await storage.rooms()] == ["early", "late"]


async def test_an_ended_room_is_found_and_keeps_its_first_end(storage: Storage) -> None:
    await storage.add_room(RECORD)
    await storage.end_room(RECORD.room, 5.0)
    await storage.end_room(RECORD.room, 6.0)
    assert await storage.room(RECORD.room) == replace(RECORD, ended_at=5.0)


async def test_a_room_that_does_not_exist(storage: Storage) -> None:
    assert await storage.room("none") is None
    await storage.end_room("none", 1.0)
    assert await storage.rooms() == []


async def test_a_title_with_sql(storage: Storage) -> None:
    record = replace(RECORD, title="'; DROP TABLE room; --")
    await storage.add_room(record)
    assert await storage.room(RECORD.room) == record


async def test_when_a_room_first_went_live(storage: Storage) -> None:
    await storage.add_room(RECORD)
    await storage.set_live(RECORD.room, 5.0)
    await storage.set_live(RECORD.room, 6.0)
    assert await storage.room(RECORD.room) == replace(RECORD, live_at=5.0)


async def test_a_name_in_use_is_refused(storage: Storage) -> None:
    await storage.add_room(RECORD)
    with pytest.raises(RoomExists):
        await storage.add_room(replace(RECORD, title="another"))
    assert await storage.room(RECORD.room) == RECORD


async def test_purge_deletes_rooms_that_ended_before(storage: Storage) -> None:
    for room, end in [("old", 10.0), ("edge", 20.0), ("new", 30.0), ("open", None)]:
        await storage.add_room(replace(RECORD, room=room, ended_at=end))
    assert await storage.purge(20.0) == 1
    assert await storage.purge(20.0) == 0
    assert await storage.room("old") is None
    assert await storage.room("edge") is not None
    assert [record.room for record in await storage.rooms()] == ["open"]


async def test_one_server_per_directory(tmp_path: Path) -> None:
    first = await Storage.open(tmp_path)
    with pytest.raises(StorageError, match=f"^{tmp_path}: another microlive"):
        await Storage.open(tmp_path)
    await first.close()
    await first.close()
    second = await Storage.open(tmp_path)
    await second.close()


async def test_a_killed_server_leaves_no_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, tmp_path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        with pytest.raises(StorageError, match="another microlive"):
            await Storage.open(tmp_path)
        process.send_signal(signal.SIGKILL)
    await (await Storage.open(tmp_path)).close()


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    await (await Storage.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as database:
        database.execute("INSERT INTO schema_version VALUES (?)", (len(MIGRATIONS) + 1,))
    database.close()
    with pytest.raises(StorageError, match=f"^{tmp_path}: written by a newer microlive"):
        await Storage.open(tmp_path)


async def test_each_migration_runs_once_and_a_failed_one_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await Storage.open(tmp_path)
    await first.add_room(RECORD)
    await first.close()
    column = "ALTER TABLE room ADD COLUMN colour TEXT"
    monkeypatch.setattr(
        storage_module,
        "MIGRATIONS",
        (*MIGRATIONS, (column, "ALTER TABLE nowhere ADD COLUMN x TEXT")),
    )
    with pytest.raises(StorageError, match="no such table: nowhere"):
        await Storage.open(tmp_path)
    monkeypatch.setattr(storage_module, "MIGRATIONS", (*MIGRATIONS, (column,)))
    for _ in range(2):
        again = await Storage.open(tmp_path)
        assert await again.rooms() == [RECORD]
        await again.close()


async def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    data = tmp_path / "file"
    data.write_text("")
    with pytest.raises(StorageError, match=f"^{data}: File exists$"):
        await Storage.open(data)


async def test_a_file_that_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(
        b"not a database, but long enough to be taken for one" * 100
    )
    with pytest.raises(StorageError, match=f"^{tmp_path}: file is not a database$"):
        await Storage.open(tmp_path)
    assert (tmp_path / LOCK_NAME).exists()
    (tmp_path / DATABASE_NAME).unlink()
    await (await Storage.open(tmp_path)).close()


async def test_a_directory_that_cannot_be_created() -> None:
    data = Path("/proc/microlive")  # not even root can create a directory there
    with pytest.raises(StorageError, match=f"^{data}: "):
        await Storage.open(data)


async def test_a_full_disk(tmp_path: Path) -> None:
    """Simulated by a limit on file sizes: the write fails in the same place."""
    storage = await Storage.open(tmp_path)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, limits[1]))
    try:
        with pytest.raises(StorageError, match=f"^{tmp_path}: "):
            for number in range(1000):
                await storage.add_room(replace(RECORD, room=f"room{number}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    kept = await storage.rooms()
    await storage.add_room(replace(RECORD, room="space again"))
    assert len(await storage.rooms()) == len(kept) + 1
    await storage.close()


def test_keys() -> None:
    key = new_key()
    assert len(key) == 32 and key != new_key()
    assert key_matches(key, hash_key(key))
    assert not key_matches(key + "x", hash_key(key))
    assert not key_matches("", hash_key(key))
    assert not key_matches("\udcff not UTF-8 in a header", hash_key(key))


def test_room_names() -> None:
    names = {new_room_id() for _ in range(100)}
    assert len(names) > 95
    assert all(len(name) == 6 and set(name) <= set(ROOM_ALPHABET) for name in names)
