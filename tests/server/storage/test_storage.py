"""Storage on a real file system: data that it keeps or refuses, and errors of a disk."""

import resource
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from server.storage.database import DATABASE_NAME
from server.storage.directory import LOCK_NAME
from server.storage.errors import StorageError
from server.storage.keys import hash_key
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from tests.fixtures.postgres import Postgres

RECORD = RoomRecord("k3v9x2", "Morning run 🏃", hash_key("a key"), 1_790_000_000.25)


OPEN_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from server.storage.storage import Storage

async def main():
    await Storage.open(Path(sys.argv[1]))
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_rooms_outlive_the_process(tmp_path: Path) -> None:
    data = tmp_path / "created" / "if missing"
    first = await Storage.open(data)
    await first.rooms.add(RECORD)
    await first.close()
    second = await Storage.open(data)
    assert await second.rooms.unended() == [RECORD]
    assert await second.rooms.find(RECORD.room) == RECORD
    await second.close()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o640), (0o666, 0o660)])
async def test_other_users_cannot_read_the_database(
    tmp_path: Path, before: int | None, after: int
) -> None:
    """This includes a database of an earlier version. The group keeps the rights that an operator
    gave it.
    """
    database = tmp_path / DATABASE_NAME
    if before is not None:
        await (await Storage.open(tmp_path)).close()
        database.chmod(before)
    storage = await Storage.open(tmp_path)
    await storage.rooms.add(RECORD)
    files = [path for path in tmp_path.iterdir() if path.name.startswith(DATABASE_NAME)]
    assert len(files) > 1, "the write-ahead log"
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {after}
    await storage.close()


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
    """A limit on file sizes simulates it: the write fails in the same place."""
    storage = await Storage.open(tmp_path)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, limits[1]))
    try:
        with pytest.raises(StorageError, match=f"^{tmp_path}: "):
            for number in range(1000):
                await storage.rooms.add(replace(RECORD, room=f"room{number}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    kept = await storage.rooms.unended()
    await storage.rooms.add(replace(RECORD, room="space again"))
    assert len(await storage.rooms.unended()) == len(kept) + 1
    await storage.close()


async def test_a_file_of_sqlite_beside_postgresql_is_mentioned(
    tmp_path: Path, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that is started with --database does not move the data."""
    await (await Storage.open(tmp_path)).close()
    with postgres.database() as url:
        await (await Storage.open(tmp_path, url)).close()
    assert f"{tmp_path / DATABASE_NAME} are not used" in caplog.text
