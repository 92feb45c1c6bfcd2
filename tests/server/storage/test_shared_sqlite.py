"""Several processes of one server on one SQLite file, in a data directory that their parent has
locked.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.storage.database import Database
from server.storage.directory import DataDirectory
from server.storage.errors import StorageError
from server.storage.recording_records import RECORDING
from server.storage.rooms import RoomRecord
from server.storage.schema.chat import message
from server.storage.schema.rooms import room
from server.storage.schema.rooms import server as lease
from server.storage.storage import Storage
from tests.fixtures.migrated import provide_database

RECORD = RoomRecord("k3v9x2", "Morning run", b"a key", 1_790_000_000.25)
WRITES = 60
"""Rooms that a process stores, and messages."""

WRITE = """
import asyncio, os, sys
from itertools import count
from pathlib import Path
from server.storage.messages import MessageRecord
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

async def main(data, name, lock, writes):
    storage = await Storage.open(Path(data), server=name, lock=int(lock))
    print("open", flush=True)
    sys.stdin.readline()

    async def write(number):
        room = f"{name}-{number}"
        await storage.rooms.add(RoomRecord(room, "Morning run", b"key", 1.0))
        record = MessageRecord(room, 1, "p", "c", "Minji", 1, None, "guest", 1.0, None, "hi")
        await storage.messages.add(record)
        os.write(1, f"{room}\\n".encode())

    numbers = iter(range(int(writes)) if int(writes) else count())

    async def write_many():
        for number in numbers:
            await write(number)

    await asyncio.gather(*(write_many() for _ in range(5)))
    await storage.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest_asyncio.fixture
async def directory(tmp_path: Path) -> DataDirectory:
    await provide_database(tmp_path)
    return DataDirectory.lock(tmp_path)


@contextmanager
def writing(
    directory: DataDirectory, *writes: int
) -> Iterator[tuple[subprocess.Popen[str], subprocess.Popen[str]]]:
    """Two processes that write rooms and messages, until they have written so many; 0: for ever.
    They print each room when it and its message are stored.
    """
    lock = directory.descriptor
    one, two = (
        subprocess.Popen(
            [sys.executable, "-c", WRITE, directory.path, name, str(lock), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[lock],
        )
        for name, number in zip(("one", "two"), writes, strict=True)
    )
    with one, two:
        try:
            for process in (one, two):
                assert process.stdout
                assert process.stdout.readline() == "open\n"
            for process in (one, two):
                assert process.stdin
                process.stdin.write("\n")
                process.stdin.flush()
            yield one, two
        finally:
            for process in (one, two):
                process.kill()


def rest_of(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    return process.stdout.read().split()


async def stored(directory: DataDirectory) -> tuple[set[str], set[str]]:
    """The rooms, and the rooms of the messages, that another program finds."""
    database = await Database.open_sqlite(directory.path)
    try:
        found = []
        for column in (room.c.room, message.c.room):
            found.append({row[0] for row in await database.select(sa.select(column), {})})
        return found[0], found[1]
    finally:
        await database.close()


async def test_two_processes_write_at_once_and_one_is_killed(directory: DataDirectory) -> None:
    """Nothing that they acknowledged is lost, and the other one goes on."""
    with writing(directory, 0, WRITES) as (one, two):
        assert one.stdout
        told = [one.stdout.readline().strip() for _ in range(20)]
        one.kill()
        told += [line for line in rest_of(one) if line.startswith("one-")]
        others = rest_of(two)
        assert two.wait(10) == 0 and len(others) == WRITES
    rooms, messages = await stored(directory)
    assert rooms >= {*told, *others} and messages >= {*told, *others}
    directory.close()


async def test_a_write_waits_while_another_process_writes(tmp_path: Path) -> None:
    """Longer than a server that is alone waits for another program."""
    directory = DataDirectory.lock(tmp_path)
    storage = await Storage.open(tmp_path, server="one", lock=directory.descriptor)
    other = await Database.open_sqlite(tmp_path)
    try:
        async with other._transaction(other._writer) as connection:
            values = {"room": "r", "title": "", "key_hash": b"", "created_at": 1.0}
            await connection.execute(room.insert().values(values))
            adding = asyncio.create_task(storage.rooms.add(RECORD))
            began = time.monotonic()
            done, _ = await asyncio.wait([adding], timeout=1.2)
            assert not done and time.monotonic() - began > 1
        await adding
        assert await storage.rooms.find(RECORD.room) == replace(RECORD, server="one")
    finally:
        await other.close()
        await storage.close()


async def test_the_directory_is_locked_until_the_last_process_ends(tmp_path: Path) -> None:
    parent = DataDirectory.lock(tmp_path)
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[parent.descriptor]) as child:
        parent.close()
        with pytest.raises(StorageError, match="another microlive server"):
            DataDirectory.lock(tmp_path)
        assert child.stdin
        child.stdin.close()
        child.wait(10)
    DataDirectory.lock(tmp_path).close()


def test_the_lock_of_another_directory_is_refused(tmp_path: Path) -> None:
    one, two = (DataDirectory.lock(tmp_path / name) for name in ("one", "two"))
    with pytest.raises(StorageError, match="has locked another data directory"):
        DataDirectory.inherited(one.path, two.descriptor)
    one.close()
    two.close()


async def test_a_server_that_is_alone_adopts_what_others_left(tmp_path: Path) -> None:
    """Whether the server had several processes before, or has them now."""
    await provide_database(tmp_path)
    for server, before in (("one", "two"), ("", "one"), ("two", "")):
        storage = await Storage.open(tmp_path, server=before)
        name = f"room-{server}"
        await storage.rooms.add(replace(RECORD, room=name))
        await storage.rooms.add(replace(RECORD, room=f"ended-{server}"))
        await storage.rooms.end(f"ended-{server}", 1_790_000_100.0)
        await storage.recordings.begin(name, "day", 1_790_000_000.0)
        await storage.server_leases.renew(list)
        await storage.close()

        storage = await Storage.open(tmp_path, server=server)
        assert name in {record.room for record in await storage.rooms.unended()}
        assert name in {record.room for record in await storage.recordings.unfinished()}
        assert {each.state for each in await storage.recordings.unfinished()} == {RECORDING}
        ended = await storage.rooms.find(f"ended-{server}")
        assert ended and ended.server == before
        assert await storage.database.select(sa.select(lease.c.id), {}) == []
        await storage.close()
